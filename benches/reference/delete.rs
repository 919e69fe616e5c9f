//! `DELETE /v1/generations/{id}`.

use serde::Deserialize;

use crate::client::Client;

#[derive(Debug, Deserialize)]
#[allow(dead_code)]
pub struct DeletedGeneration {
    pub id: String,
}

#[derive(Deserialize)]
struct Deleted {
    delete_generations_by_pk: DeletedGeneration,
}

impl Client {
    pub async fn delete_generation(&self, id: &str) -> reqwest::Result<DeletedGeneration> {
        let body: Deleted = self
            .http
            .delete(format!("{}/v1/generations/{id}", self.base))
            .bearer_auth(&self.key)
            .send()
            .await?
            .error_for_status()?
            .json()
            .await?;
        Ok(body.delete_generations_by_pk)
    }
}
