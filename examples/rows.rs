//! The account's generations as rows of a database: `rows [--database FILE] [--prompt PROMPT]`.
//!
//! Reads all generations of the account into an SQLite database, which can be done again and again: what is known is
//! brought up to date, and nothing stands there twice. Then it prints a report. With `--prompt`, a picture is made first, and
//! its cost is kept: only the response to a create tells it, no list does. Without `LEONARDO_API_KEY` it uses the emulator,
//! whose account is empty, so that the prompt is `a lighthouse at dusk` unless another is given.

use std::error::Error;

use leonardo_ai::funcs::{image_generate, image_list_generations, user_get_user_self};
use leonardo_ai::models::{Cost, CreateGenerationRequest, Generation, GenerationId, Timestamp};
use rusqlite::{Connection, params};

mod common;
#[path = "common/options.rs"]
mod options;

/// Ids are text: they are names, and nothing is calculated with them. Times are milliseconds since 1970 in UTC, which sort
/// and subtract as numbers. An amount is the text that the service sent, since a REAL cannot hold every decimal.
const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS generations (
        id TEXT PRIMARY KEY,
        status TEXT NOT NULL,
        created_at INTEGER,
        prompt TEXT NOT NULL,
        model_id TEXT,
        seed INTEGER,
        width INTEGER NOT NULL,
        height INTEGER NOT NULL,
        cost TEXT,
        cost_unit TEXT
    ) STRICT;
    CREATE TABLE IF NOT EXISTS images (
        id TEXT PRIMARY KEY,
        generation_id TEXT NOT NULL REFERENCES generations (id) ON DELETE CASCADE,
        url TEXT NOT NULL,
        nsfw INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX IF NOT EXISTS images_of_a_generation ON images (generation_id);";

const UPSERT_GENERATION: &str = "
    INSERT INTO generations (id, status, created_at, prompt, model_id, seed, width, height)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
    ON CONFLICT (id) DO UPDATE SET status = excluded.status, created_at = excluded.created_at, prompt = excluded.prompt,
        model_id = excluded.model_id, seed = excluded.seed, width = excluded.width, height = excluded.height";

const UPSERT_IMAGE: &str = "
    INSERT INTO images (id, generation_id, url, nsfw) VALUES (?1, ?2, ?3, ?4)
    ON CONFLICT (id) DO UPDATE SET url = excluded.url, nsfw = excluded.nsfw";

const REPORT: &str = "
    SELECT status, count(*), (SELECT count(*) FROM images JOIN generations g ON g.id = generation_id
            WHERE g.status = generations.status), datetime(max(created_at) / 1000, 'unixepoch')
    FROM generations GROUP BY status ORDER BY status";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let [database, prompt] = options::options([("--database", "generations.sqlite"), ("--prompt", "")])?;
    let mut connection = Connection::open(&database)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.execute_batch(TABLES)?;

    let (core, emulator) = common::service().await?;
    let prompt = if prompt.is_empty() && emulator.is_some() { "a lighthouse at dusk".to_owned() } else { prompt };
    if !prompt.is_empty() {
        let made = image_generate(&core, CreateGenerationRequest::new(prompt).num_images(1)).await?;
        upsert(&connection, &made.generation)?;
        if let Some(cost) = made.job.cost {
            keep_cost(&connection, &made.generation.id, &cost)?;
        }
    }
    let user = user_get_user_self(&core).await?.user.ok_or("the service does not name the key's user")?;
    let (mut list, mut generations) = (image_list_generations(&core, user.id), Vec::new());
    while let Some(generation) = list.next().await {
        generations.push(generation?);
    }

    // One transaction, which is much faster than one for each row, and nobody waits for the network meanwhile.
    let rows = connection.transaction()?;
    generations.iter().try_for_each(|generation| upsert(&rows, generation))?;
    rows.commit()?;
    report(&connection)
}

fn upsert(rows: &Connection, generation: &Generation) -> rusqlite::Result<()> {
    let values = params![
        generation.id.as_ref(),
        generation.status.as_str(),
        generation.created_at.as_ref().and_then(Timestamp::unix_millis),
        generation.prompt,
        generation.model_id.as_ref().map(AsRef::<str>::as_ref),
        generation.seed,
        generation.image_width,
        generation.image_height,
    ];
    rows.execute(UPSERT_GENERATION, values)?;
    for image in &generation.generated_images {
        let values = params![image.id.as_ref(), generation.id.as_ref(), image.url, image.nsfw];
        rows.execute(UPSERT_IMAGE, values)?;
    }
    Ok(())
}

fn keep_cost(rows: &Connection, id: &GenerationId, cost: &Cost) -> rusqlite::Result<usize> {
    let values = params![id.as_ref(), cost.amount, cost.unit.as_str()];
    rows.execute("UPDATE generations SET cost = ?2, cost_unit = ?3 WHERE id = ?1", values)
}

fn report(connection: &Connection) -> Result<(), Box<dyn Error>> {
    let mut statement = connection.prepare(REPORT)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (status, generations, images): (String, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let newest: Option<String> = row.get(3)?;
        println!("{status}: {generations} generations, {images} images, newest {}", newest.unwrap_or_default());
    }
    let mut statement = connection
        .prepare("SELECT cost_unit, count(*), sum(cost) FROM generations WHERE cost IS NOT NULL GROUP BY cost_unit")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (unit, generations, sum): (String, i64, f64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        println!("{sum} {unit} for {generations} generations whose cost is known");
    }
    Ok(())
}
