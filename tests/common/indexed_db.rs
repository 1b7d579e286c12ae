//! Stand-ins for databases in states that a test can not bring about: broken, slow, removed.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test that can not go on must say so, and stands in for the browser"
)]

use std::future::Future;

use js_sys::{Object, Reflect};
use wasm_bindgen::{JsCast, JsValue};

/// Replaces `indexedDB` by this object while the future runs.
pub(crate) async fn with_factory<T>(factory: &JsValue, future: impl Future<Output = T>) -> T {
    let (window, name) = (web_sys::window().unwrap(), JsValue::from("indexedDB"));
    let real = Object::get_own_property_descriptor(&window, &name);
    let property = Object::new();
    Reflect::set(&property, &"configurable".into(), &true.into()).unwrap();
    Reflect::set(&property, &"value".into(), factory).unwrap();
    Object::define_property(&window, &name, &property);
    let outcome = future.await;
    Object::define_property(&window, &name, real.unchecked_ref());
    outcome
}

/// Returns a factory whose `open` runs this script. The script may call `fake(type, properties)` for an object that
/// passes for an instance of this type and has these properties.
pub(crate) fn scripted(open: &str) -> JsValue {
    let script = format!(
        "const fake = (type, properties) => {{
             const target = Object.setPrototypeOf(new EventTarget(), type.prototype);
             for (const event of ['success', 'error', 'blocked', 'upgradeneeded', 'versionchange', 'close']) {{
                 properties[`on${{event}}`] = null;
                 EventTarget.prototype.addEventListener.call(target, event, (happened) => target[`on${{event}}`]?.(happened));
             }}
             for (const [name, value] of Object.entries(properties)) {{
                 Object.defineProperty(target, name, {{ value, writable: true }});
             }}
             return target;
         }};
         return fake(IDBFactory, {{ open: () => {{ {open} }} }});"
    );
    js_sys::Function::new_no_args(&script).call0(&JsValue::NULL).unwrap()
}
