//! The one table of operations. Everything that depends on which operations there are comes from here: the gates of
//! `funcs` and `models`, the statics below, the `call` example, and the tests that hold features, files and
//! documentation together.

/// Hands the table of operations to the macro `$then`.
///
/// A line is: function, feature, effect, method, path, arguments. The arguments are the path's ids, in order and under
/// their wire names, then `request` where the function takes one.
#[doc(hidden)]
#[macro_export]
macro_rules! for_each_operation {
    ($then:ident) => {
        $then! {
            image {
                image_create_generation "image-create-generation" Billable POST "/v1/generations" (request);
                image_delete_generation_by_id "image-delete-generation-by-id" Idempotent DELETE "/v1/generations/{id}" (id);
                image_get_generation_by_id "image-get-generation-by-id" Read GET "/v1/generations/{id}" (id);
                image_get_generations_by_user_id "image-get-generations-by-user-id" Read GET "/v1/generations/user/{userId}" (userId, request);
            }
            init_images {
                init_images_delete_init_image_by_id "init-images-delete-init-image-by-id" Idempotent DELETE "/v1/init-image/{id}" (id);
                init_images_get_init_image_by_id "init-images-get-init-image-by-id" Read GET "/v1/init-image/{id}" (id);
                init_images_upload_canvas_init_image "init-images-upload-canvas-init-image" Idempotent POST "/v1/canvas-init-image" (request);
                init_images_upload_init_image "init-images-upload-init-image" Idempotent POST "/v1/init-image" (request);
            }
            user {
                user_get_user_self "user-get-user-self" Read GET "/v1/me" ();
            }
        }
    };
}

/// Hands the table of functions that stand on several operations to the macro `$then`.
///
/// A line is: function, feature, the features it stands on.
#[doc(hidden)]
#[macro_export]
macro_rules! for_each_workflow {
    ($then:ident) => {
        $then! {
            image {
                image_create_generation_once "image-create-generation-once" ["image-create-generation" "image-find-generation" "dep:getrandom"];
                image_find_generation "image-find-generation" ["image-get-generations-by-user-id" "user-get-user-self" "tokio/sync"];
                image_generate "image-generate" ["image-create-generation-once" "image-wait-for-generation"];
                image_list_generations "image-list-generations" ["image-get-generations-by-user-id" "dep:futures-core"];
                image_wait_for_generation "image-wait-for-generation" ["image-get-generation-by-id" "dep:futures-core" "tokio/sync"];
                image_download "image-download" ["client" "dep:fastrand" "tokio/io-util"];
                image_download_all "image-download-all" ["image-download" "image-get-generation-by-id"];
            }
            init_images {
                init_images_upload_file "init-images-upload-file" ["init-images-upload-init-image" "dep:fastrand" "dep:http-body" "tokio/io-util" "tokio/sync"];
            }
        }
    };
}

#[cfg(feature = "client")]
macro_rules! statics {
    ($($group:ident { $($name:ident $feature:literal $effect:ident $method:ident $path:literal ($($argument:ident),*);)* })*) => {
        $($(
            #[doc = concat!("`", stringify!($method), " ", $path, "`, called by `", stringify!($name), "`.")]
            #[cfg(feature = $feature)]
            #[allow(non_upper_case_globals, reason = "named as the function that performs it")]
            pub static $name: crate::Operation = crate::Operation {
                name: stringify!($name),
                feature: $feature,
                group: stringify!($group),
                method: http::Method::$method,
                path: $path,
                effect: crate::Effect::$effect,
                arguments: &[$(stringify!($argument)),*],
            };
        )*)*

        /// Every operation compiled into this build, in the order of the table.
        pub static ALL: &[&crate::Operation] = &[$($(#[cfg(feature = $feature)] &$name,)*)*];
    };
}

#[cfg(feature = "client")]
for_each_operation!(statics);
