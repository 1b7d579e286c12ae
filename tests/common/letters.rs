//! A query for lists of letters, for the backend of `words.rs`.

use std::rc::Rc;

use freshet::query::{Item, Key, List, Query};

use crate::words::{Refused, Server};

#[derive(Debug, PartialEq)]
pub(crate) struct Letter {
    pub(crate) id: u128,
    pub(crate) text: String,
}

impl Item for Letter {
    fn id(&self) -> u128 {
        self.id
    }
}

/// Letters, each preceded by a digit that is its id: `1a2b`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Letters(pub(crate) u128);

impl Query for Letters {
    type Backend = Server;
    type Data = List<Letter>;
    type Memo = ();

    fn key(&self) -> Key {
        Key::of::<Self>().segment("letters").segment(self.0).build()
    }

    async fn fetch(self, server: Server) -> Result<Vec<u8>, Refused> {
        server.ask(self.0).await.map(String::into_bytes)
    }

    fn read(body: Vec<u8>, _: Option<&()>) -> Result<(Rc<List<Letter>>, ()), Refused> {
        let letters = body.chunks(2).map(|letter| Letter {
            id: u128::from(letter[0] - b'0'),
            text: char::from(letter[1]).into(),
        });
        Ok((Rc::new(letters.map(Rc::new).collect()), ()))
    }
}

pub(crate) fn text_of(letters: &List<Letter>) -> String {
    letters.iter().map(|letter| letter.text.as_str()).collect()
}
