//! The account, and what the service offers it.

use std::fmt::Write as _;

use leonardo_ai::funcs::{
    blueprints_get_blueprint_by_id, blueprints_get_blueprint_versions_by_blueprint_id, blueprints_list_all,
    elements_get_custom_elements_by_user_id, elements_list_elements, models_get_custom_models_by_user_id,
    models_list_platform_models, prompt_prompt_improve, prompt_prompt_random, user_get_user_self, v2_get_models,
};
use leonardo_ai::models::{ListBlueprintsRequest, PromptGeneration, PromptImproveRequest, UserDetails, V2Model};
use serde_json::json;

use crate::args;
use crate::call::{Fields, printable};
use crate::commands::records::cut;
use crate::commands::request::{Model, images};
use crate::failure::Failure;
use crate::money;
use crate::session::Session;
use crate::task::Create;

pub async fn show(session: &Session) -> Result<(), Failure> {
    let account = user_get_user_self(&session.core).await?;
    session.screen.result(described(&account, session.core.server_url()), &account);
    Ok(())
}

fn described(account: &UserDetails, server: &str) -> String {
    let mut text = format!("Server: {server}");
    let mut line = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            let _ = write!(text, "\n{name}: {value}");
        }
    };
    let user = account.user.as_ref();
    line("User", user.map(|user| user.id.to_string()));
    line("Name", user.and_then(|user| user.username.clone()));
    let number = |number: Option<f64>| number.map(|number| number.to_string());
    line("API balance, paid", number(account.api_paid_tokens));
    line("API balance, of the subscription", number(account.api_subscription_tokens));
    line("API balance is renewed", account.api_plan_token_renewal_date.as_ref().map(ToString::to_string));
    line("Jobs at a time", account.api_concurrency_slots.map(|slots| slots.to_string()));
    line("Tokens of the web app, paid", number(account.paid_tokens));
    line("Tokens of the web app, of the subscription", number(account.subscription_tokens));
    line("Tokens of the web app are renewed", account.token_renewal_date.as_ref().map(ToString::to_string));
    text
}

pub async fn models(models: args::Models, session: &Session) -> Result<(), Failure> {
    let (core, screen) = (&session.core, &session.screen);
    match models {
        args::Models { elements: true, own: true, .. } => {
            let user = session.account().await?.user;
            for element in elements_get_custom_elements_by_user_id(core, user).await? {
                screen.result(format!("{:<12}  {}", element.id, element.name), &element);
            }
        }
        args::Models { elements: true, .. } => {
            for element in elements_list_elements(core).await? {
                let id = element.ak_uuid.as_ref().map(ToString::to_string).unwrap_or_default();
                screen.result(format!("{id:<36}  {}", element.name.as_deref().unwrap_or_default()), &element);
            }
        }
        args::Models { own: true, .. } => {
            let user = session.account().await?.user;
            for model in models_get_custom_models_by_user_id(core, user).await? {
                screen.result(format!("{:<36}  {}", model.id, model.name), &model);
            }
        }
        args::Models { v2: true, .. } => {
            for model in v2_get_models(core).await? {
                // The list does not tell the word that a create takes.
                let word = V2Model::KNOWN.iter().find(|known| known.title() == Some(&*model.name));
                let word = word.map(V2Model::as_str);
                let mut record = printable(&model)?;
                record["model"] = json!(word);
                screen.result(format!("{:<36}  {}", word.unwrap_or("not known"), model.name), &record);
            }
        }
        _ => {
            for model in models_list_platform_models(core).await? {
                screen.result(format!("{:<36}  {}", model.id, model.name), &model);
            }
        }
    }
    Ok(())
}

pub async fn prompt(prompt: args::Prompt, session: &Session) -> Result<(), Failure> {
    let PromptGeneration { prompt, cost, .. } = match prompt {
        args::Prompt::Random => prompt_prompt_random(&session.core).await?,
        args::Prompt::Improve(args::PromptImprove { prompt, instructions, video }) => {
            let request = PromptImproveRequest {
                prompt_instructions: instructions,
                is_video: video.then_some(true),
                ..PromptImproveRequest::new(prompt)
            };
            prompt_prompt_improve(&session.core, request).await?
        }
    };
    if let Some(cost) = cost.as_ref().filter(|_| !session.screen.is_json()) {
        session.screen.say(format!("Cost: {cost}"));
    }
    session.screen.result(&prompt, &json!({ "prompt": prompt, "cost": cost }));
    Ok(())
}

pub async fn blueprints(session: &Session) -> Result<(), Failure> {
    let mut blueprints = blueprints_list_all(&session.core, ListBlueprintsRequest::default());
    while let Some(blueprint) = blueprints.next().await {
        let blueprint = blueprint?;
        session.screen.result(format!("{:<36}  {}", blueprint.ak_uuid, cut(&blueprint.name, 42)), &blueprint);
    }
    Ok(())
}

pub async fn blueprint(id: String, session: &Session) -> Result<(), Failure> {
    let blueprint = blueprints_get_blueprint_by_id(&session.core, id.clone()).await?;
    let versions = blueprints_get_blueprint_versions_by_blueprint_id(&session.core, id).await?;
    if session.screen.is_json() {
        let versions: Vec<_> = versions.nodes().collect();
        session.screen.record(&json!({ "blueprint": blueprint, "versions": versions }));
        return Ok(());
    }
    let mut text = blueprint.name.clone();
    if let Some(description) = &blueprint.description {
        let _ = write!(text, "\n{description}");
    }
    for version in versions.nodes() {
        let _ = write!(text, "\n\nVersion {}", version.ak_uuid);
        if let Some(cost) = version.cost {
            let _ = write!(text, "\n  Cost: {cost} credits");
        }
        for input in &version.ui_metadata.inputs {
            let setting = input.setting_name.as_ref().map(|setting| setting.as_str()).unwrap_or_default();
            let needed = if input.required { ", required" } else { "" };
            let variable = input.variable.as_deref().map(|name| format!(".{name}")).unwrap_or_default();
            let _ = write!(text, "\n  Input {}{variable}: {setting}{needed}", input.node_id);
            if let Some(label) = &input.label {
                let _ = write!(text, " ({label})");
            }
        }
    }
    session.screen.result(text, &());
    Ok(())
}

pub async fn estimate(args: args::Estimate, session: &Session) -> Result<(), Failure> {
    let cost = match &args.request {
        Some(json) => money::ask(&session.core, Fields::read(json)?.request()?).await?.cost,
        None => {
            let model = Model::named(args.options.model.as_deref(), &session.core).await?;
            let (create, request) = images(&model, &args.options, "a prompt")?;
            if create != Create::Image {
                return Err(Failure::usage(
                    "the service tells no price of version 2 beforehand: only the response to a create has it",
                ));
            }
            money::images(&session.core, &request).await?
        }
    };
    let cost = cost.ok_or_else(|| Failure::other("the service tells no price of that"))?;
    let all = cost * f64::from(args.prompts);
    session.screen.result(format!("{all} credits"), &json!({ "cost": all, "unit": "CREDITS" }));
    Ok(())
}
