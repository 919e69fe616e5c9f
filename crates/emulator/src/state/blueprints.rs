//! The blueprints that the platform offers. All of them are the emulator's own: ids, names, inputs, models and costs are
//! invented.

use uuid::Uuid;

use super::ids::parse;

/// A prepared way to pictures.
pub(crate) struct Blueprint {
    pub(crate) id: &'static str,
    pub(crate) name: &'static str,
    pub(crate) description: &'static str,
    pub(crate) created: &'static str,
    pub(crate) updated: &'static str,
    /// Where it can be run.
    pub(crate) platforms: &'static [&'static str],
    pub(crate) categories: &'static [&'static str],
    /// Newest first.
    pub(crate) versions: &'static [Version],
}

/// What can be run of a blueprint.
pub(crate) struct Version {
    pub(crate) id: &'static str,
    pub(crate) created: &'static str,
    /// In credits for each run, whatever the account pays in.
    pub(crate) cost: u32,
    pub(crate) inputs: &'static [Input],
    /// What its pictures show, one each; in `{{` and `}}` the name of an input that stands there.
    pub(crate) scenes: &'static [&'static str],
    /// Of each picture; of one that is made of another picture, that one's size counts.
    pub(crate) size: (u32, u32),
    pub(crate) models: &'static [&'static str],
    /// Those of the models that the account may not use, and for which it cannot be run.
    pub(crate) withheld: &'static [&'static str],
}

/// Something that can be put into a version. Those of one node and setting are given together.
pub(crate) struct Input {
    pub(crate) node: &'static str,
    pub(crate) setting: Setting,
    pub(crate) label: &'static str,
    /// Of a text with variables, the name of this one.
    pub(crate) variable: Option<&'static str>,
    pub(crate) required: bool,
    /// An example, which stands for what is not given.
    pub(crate) placeholder: &'static str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Setting {
    Text,
    ImageUrl,
    TextVariables,
}

impl Setting {
    pub(crate) const ALL: [Self; 3] = [Self::Text, Self::ImageUrl, Self::TextVariables];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::ImageUrl => "imageUrl",
            Self::TextVariables => "textVariables",
        }
    }
}

impl Input {
    /// What it is called among the inputs of its version.
    pub(crate) fn name(&self) -> &'static str {
        self.variable.unwrap_or(self.setting.as_str())
    }
}

pub(crate) fn blueprint(id: Uuid) -> Option<&'static Blueprint> {
    BLUEPRINTS.iter().find(|one| parse(one.id) == Some(id))
}

pub(crate) fn version(id: Uuid) -> Option<&'static Version> {
    BLUEPRINTS.iter().flat_map(|one| one.versions).find(|version| parse(version.id) == Some(id))
}

/// Newest first.
pub(crate) const BLUEPRINTS: &[Blueprint] = &[
    Blueprint {
        id: "5d0c5f0e-6d0b-4d53-9c55-0f1d5f3a7e11",
        name: "Poster Pair",
        description: "A blueprint of the emulator: two posters of one subject, by day and by night.",
        created: "2026-03-10T09:12:44.120Z",
        updated: "2026-03-10T09:12:44.120Z",
        platforms: &["API", "Web"],
        categories: &["marketing", "social-media"],
        versions: &[Version {
            id: "e1a4b7c2-3f58-4a0d-8b6e-92d7c1f05a21",
            created: "2026-03-10T09:12:44.120Z",
            cost: 40,
            inputs: &[
                Input {
                    node: "0a6f2b9d-7c31-4e84-a5d2-6b18e3f74c31",
                    setting: Setting::TextVariables,
                    label: "Subject",
                    variable: Some("subject"),
                    required: true,
                    placeholder: "a lighthouse",
                },
                Input {
                    node: "0a6f2b9d-7c31-4e84-a5d2-6b18e3f74c31",
                    setting: Setting::TextVariables,
                    label: "Mood",
                    variable: Some("mood"),
                    required: false,
                    placeholder: "calm",
                },
            ],
            scenes: &["{{subject}}, {{mood}}, a poster", "{{subject}} at night, {{mood}}, a poster"],
            size: (384, 512),
            models: &["emulator-landscapes"],
            withheld: &[],
        }],
    },
    Blueprint {
        id: "b7e2d941-0c8a-4f36-9a17-5e4c8d2b6f12",
        name: "Sticker Sheet",
        description: "A blueprint of the emulator that the API cannot run.",
        created: "2026-02-20T16:40:05.300Z",
        updated: "2026-02-20T16:40:05.300Z",
        platforms: &["Web", "iOS"],
        categories: &["social-media"],
        versions: &[Version {
            id: "9c5d3e70-81b4-4d2f-b0a6-47e1f8c92d22",
            created: "2026-02-20T16:40:05.300Z",
            cost: 25,
            inputs: &[Input {
                node: "d41b8e56-2a9f-4c70-8e3d-b5f6072c1a32",
                setting: Setting::Text,
                label: "Motif",
                variable: None,
                required: true,
                placeholder: "a cat",
            }],
            scenes: &["{{text}}, stickers"],
            size: (512, 512),
            models: &["emulator-landscapes", "emulator-stickers"],
            withheld: &["emulator-stickers"],
        }],
    },
    Blueprint {
        id: "2f9a6c18-e75d-4b09-8d40-c3b1a5e86d13",
        name: "Another Light",
        description: "A blueprint of the emulator: a picture shown in the light that a text describes.",
        created: "2026-02-03T11:05:31.007Z",
        updated: "2026-02-18T08:00:00.000Z",
        platforms: &["API", "Web", "iOS", "Android"],
        categories: &["photography"],
        versions: &[Version {
            id: "74d8f1b3-5e26-4c9a-a13f-08b6d5e47c23",
            created: "2026-02-03T11:05:31.007Z",
            cost: 15,
            inputs: &[
                Input {
                    node: "83c7e0a5-94d1-4f6b-b2e8-1d5a9c36f733",
                    setting: Setting::ImageUrl,
                    label: "Picture",
                    variable: None,
                    required: true,
                    placeholder: "Upload a picture",
                },
                Input {
                    node: "f6b25d09-1e7c-4a83-9d54-e08c7a31b534",
                    setting: Setting::Text,
                    label: "Light",
                    variable: None,
                    required: true,
                    placeholder: "sunset",
                },
            ],
            scenes: &["{{text}}"],
            size: (1024, 1024),
            models: &["emulator-light"],
            withheld: &[],
        }],
    },
    Blueprint {
        id: "c8407b6d-93f2-4e15-b7ca-2d6f0e9b5a14",
        name: "Four Seasons",
        description: "A blueprint of the emulator: one place in spring, summer, autumn and winter.",
        created: "2025-11-18T14:22:09.850Z",
        updated: "2026-01-15T07:45:12.400Z",
        platforms: &["API"],
        categories: &["photography", "education"],
        versions: &[
            Version {
                id: "3b16e9f4-c0d7-4825-96ab-7f4e2d8c1b24",
                created: "2026-01-15T07:45:12.400Z",
                cost: 60,
                inputs: &[PLACE],
                scenes: &["{{text}}, spring", "{{text}}, summer", "{{text}}, autumn", "{{text}}, winter"],
                size: (512, 384),
                models: &["emulator-landscapes"],
                withheld: &[],
            },
            Version {
                id: "d95c0a72-6b4e-4137-8f1d-a2e3b7690c25",
                created: "2025-11-18T14:22:09.850Z",
                cost: 48,
                inputs: &[PLACE],
                scenes: &["{{text}}, spring", "{{text}}, summer", "{{text}}, fall", "{{text}}, snow"],
                size: (512, 384),
                models: &["emulator-landscapes"],
                withheld: &[],
            },
        ],
    },
];

/// What both versions of one blueprint take.
const PLACE: Input = Input {
    node: "1e58d7b4-f203-4b96-a4c8-96d0e7b2f535",
    setting: Setting::Text,
    label: "Place",
    variable: None,
    required: true,
    placeholder: "a lake in the mountains",
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_ids_and_newest_come_first() {
        let times: Vec<_> = BLUEPRINTS.iter().map(|one| one.created).collect();
        assert!(times.is_sorted_by(|earlier, later| earlier > later));
        for one in BLUEPRINTS {
            assert_eq!(blueprint(parse(one.id).unwrap()).map(|found| found.name), Some(one.name));
            assert!(one.versions.is_sorted_by(|earlier, later| earlier.created > later.created));
            for each in one.versions {
                let found = version(parse(each.id).unwrap()).map(|found| (found.id, found.cost));
                assert_eq!(found, Some((each.id, each.cost)));
                assert!(each.inputs.iter().all(|input| parse(input.node).is_some()));
                assert!(each.withheld.is_empty() == one.platforms.contains(&"API"), "what can be run is for the API");
            }
        }
    }
}
