//! The list of an account's generations, which several workflows read.

use crate::models::Generation;
use crate::paging::Row;

impl Row for Generation {
    fn id(&self) -> &str {
        self.id.as_str()
    }

    fn made_at(&self) -> Option<i64> {
        self.created_at.as_ref()?.unix_millis()
    }
}
