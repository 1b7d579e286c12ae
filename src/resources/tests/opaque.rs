//! Rows that this version can not parse: deleted and restored.

use crate::query::{Opaque, Value};

use super::*;

fn delete(is_undo: bool) -> DeleteOpaque {
    DeleteOpaque {
        list: RowList::Actions(CoachingSessionId::from_u128(1)),
        id: uuid::Uuid::from_u128(NAMED),
        version: Some(3),
        is_undo,
    }
}

/// Returns the ids of the rows that can not be parsed, after the optimistic edit of a list with this row.
fn shown(change: DeleteOpaque, opaque: Option<Opaque>) -> Vec<u128> {
    let list = Value::new(List::<Action>::new().with_opaque(opaque));
    let edit = change.edits().edits.remove(0);
    let list = edit.optimistic.apply(&list).get::<List<Action>>().unwrap();
    list.opaque().iter().map(|row| row.id).collect()
}

#[test]
fn opaque_row_goes_and_comes_back() {
    let opaque = Opaque {
        id: NAMED,
        version: Some(3),
    };
    assert_eq!(shown(delete(false), Some(opaque)), []);
    assert_eq!(shown(delete(true), None), [NAMED]);
    assert_eq!(shown(delete(true), Some(opaque)), [NAMED]);
}

#[test]
fn opaque_row_is_deleted_as_it_was_seen() {
    let mut page = Page::patching();
    page.make(delete(false));
    page.answer([Reply::Says(200, json!({ "status_code": 200, "data": { "id": "7" } }))]);
    page.make(delete(true));
    // The answer can not be parsed either.
    page.answer([Reply::Says(
        200,
        json!({ "status_code": 200, "data": { "id": "7", "due_by": "never" } }),
    )]);
    assert_eq!(
        page.asked(),
        [format!("DELETE {}", at("")), format!("POST {} null", at("/restore"))]
    );
    page.make(delete(false));
    page.answer([Reply::Says(412, json!({ "status_code": 412, "data": { "id": "7" } }))]);
    assert_eq!(page.told.len(), 1, "it has changed meanwhile");
}

#[test]
fn undo_of_what_has_not_left_asks_nothing() {
    // On a server that can not restore, the deletion is delayed.
    let mut page = Page::coaching();
    page.make(delete(false));
    page.make(delete(true));
    assert_eq!((page.asked().len(), page.cache.pending()), (0, 0));
}
