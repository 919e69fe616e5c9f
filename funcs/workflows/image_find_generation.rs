//! Looking for the generation that a create may have made.

use std::future::IntoFuture;

use crate::call::call_options;
use crate::error::Error;
use crate::funcs::account::GENERATIONS;
use crate::models::{CreateGenerationRequest, Generation, GenerationId, ModelId};
use crate::once::{Kind, Likeness, Search, SearchOptions, Sent, Sought, Wanted, Workflow, search_options, seed_of};
use crate::poll::on_retry_option;
use crate::runtime::{BoxFuture, SystemTime};
use crate::{Effect, LeonardoCore};

const WORKFLOW: Workflow = Workflow { name: "image_find_generation", effect: Effect::Read };

/// Looks for the generation that an earlier create of `request` has made, if it has: `GET /v1/me` (once for each key) and
/// `GET /v1/generations/user/{userId}`, page by page. Costs nothing.
///
/// `sent_after` is the earliest time at which that create can have been sent, such as the time at which a program wrote
/// down what it was about to do. The request must have a seed: without one nothing can be recognised.
///
/// A generation is recognised by its seed and its time. If the caller says that the seed is used for nothing else
/// ([`unique_seed`](FindGeneration::unique_seed)), the seed alone decides. Otherwise the prompt must be the same but for
/// blanks and case; where several have it, model and size choose. One that has the seed but another prompt is not taken,
/// and makes the result [`Unclear`](Lookup::Unclear).
///
/// It is looked for again and again until it is there or the [grace period](FindGeneration::grace), in which a
/// generation may be missing from the list, is over.
///
/// ```no_run
/// # async fn example(core: leonardo_ai::LeonardoCore, since: std::time::SystemTime) -> Result<(), leonardo_ai::Error> {
/// use leonardo_ai::funcs::{Lookup, image_find_generation};
/// use leonardo_ai::models::CreateGenerationRequest;
///
/// let request = CreateGenerationRequest { seed: Some(905_778_432), ..CreateGenerationRequest::new("a pier") };
/// match image_find_generation(&core, &request, since).await? {
///     Lookup::Found(generation) => println!("it is {}", generation.id),
///     Lookup::Absent => println!("it was never made, so it can be created"),
///     other => println!("not certain: {other:?}"),
/// }
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// All of [`Error`] but `OutcomeUnknown`: the list could not be read, so nothing is known.
pub fn image_find_generation(
    core: &LeonardoCore,
    request: &CreateGenerationRequest,
    sent_after: SystemTime,
) -> FindGeneration {
    FindGeneration { core: core.clone(), request: request.clone(), sent_after, options: SearchOptions::default() }
}

/// A search for a generation; made by [`image_find_generation`].
#[derive(Clone, Debug)]
#[must_use = "nothing is read until it is awaited"]
pub struct FindGeneration {
    core: LeonardoCore,
    request: CreateGenerationRequest,
    sent_after: SystemTime,
    options: SearchOptions,
}

/// What a search found.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Lookup {
    /// It is there, and paid for.
    Found(Box<Generation>),
    /// It is not there, and had the time to appear: it was never made.
    Absent,
    /// It cannot be told.
    #[non_exhaustive]
    Unclear {
        /// Generations that have the seed, and differ in something else or seem to be older. None if the list did not
        /// page as it should, or the deadline came first.
        candidates: Vec<GenerationId>,
    },
}

impl serde::Serialize for Lookup {
    /// `lookup` is `found`, `absent` or `unclear`; beside it are `generation` or `candidates`.
    fn serialize<Z: serde::Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        use serde::ser::SerializeMap as _;
        let mut fields = serializer.serialize_map(None)?;
        match self {
            Self::Found(generation) => {
                fields.serialize_entry("lookup", "found")?;
                fields.serialize_entry("generation", generation)?;
            }
            Self::Absent => fields.serialize_entry("lookup", "absent")?,
            Self::Unclear { candidates } => {
                fields.serialize_entry("lookup", "unclear")?;
                fields.serialize_entry("candidates", candidates)?;
            }
        }
        fields.end()
    }
}

search_options! { impl[] FindGeneration, options: options }
on_retry_option! { impl[] FindGeneration, options: options }
call_options! {
    impl[] FindGeneration, options: options.call, core: core,
    deadline: "The longest that all of it may take; `None` for no limit. Defaults to 10 minutes. One that is shorter than the \
               grace period leaves no time to find out.",
    retry: "The delays between attempts. Defaults to the core's. Its limits to attempts and time hold only as long as no \
            connection to the server was made."
}

impl IntoFuture for FindGeneration {
    type Output = Result<Lookup, Error>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let Self { core, request, sent_after, options } = self;
            let seed = seed_of(request.seed, &request.extra)
                .and_then(|seed| seed.ok_or("without one nothing can be recognised"));
            let seed = seed.map_err(|reason| WORKFLOW.invalid("seed", reason))?;
            let kind = if options.unique_seed { Kind::Unique } else { Kind::Chosen };
            let mut search = Search::new(WORKFLOW, core, &GENERATIONS, wanted(&request, seed, kind), options)?;
            search.ask_key().await?;
            match search.run(Sent::earlier(sent_after)).await {
                Sought::Found(generation) => Ok(Lookup::Found(generation)),
                Sought::Absent => Ok(Lookup::Absent),
                Sought::Unclear { cause: Some(error), .. } => Err(error),
                Sought::Unclear { candidates, .. } => {
                    Ok(Lookup::Unclear { candidates: candidates.into_iter().map(GenerationId::from).collect() })
                }
            }
        })
    }
}

/// What a create of `request` makes.
pub(super) fn wanted(request: &CreateGenerationRequest, seed: i64, kind: Kind) -> Wanted<Generation> {
    let (width, height, model_id) = (request.width, request.height, request.model_id.clone());
    // Prompt enhancement replaces the prompt.
    let is_kept = request.enhance_prompt != Some(true);
    let likeness = move |generation: &Generation| likeness(generation, model_id.as_ref(), width, height);
    Wanted { likeness: Box::new(likeness), ..Wanted::new(seed, kind, &request.prompt, is_kept) }
}

/// How much a generation with the seed and the prompt that were asked for is like the request.
fn likeness(generation: &Generation, model: Option<&ModelId>, width: Option<u32>, height: Option<u32>) -> Likeness {
    let same = |asked: Option<u32>, shown: u32| asked.is_none_or(|asked| shown == 0 || asked == shown);
    let size = same(width, generation.image_width) && same(height, generation.image_height);
    let model = match (model, &generation.model_id) {
        (Some(asked), Some(shown)) => asked == shown,
        _ => true,
    };
    match (model, size) {
        (true, true) => Likeness::Same,
        (model, size) => Likeness::Differs(u8::from(model) * 2 + u8::from(size)),
    }
}
