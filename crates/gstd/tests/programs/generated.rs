//! Code that others have written, expanded in a package which has gstd as its std.

use std::any::type_name_of_val;

#[derive(Debug, serde::Serialize, serde::Deserialize)]
struct Message {
    text: String,
    after: std::time::Duration,
}

#[derive(Debug, thiserror::Error)]
#[error("it broke: {0}")]
struct Broken(#[from] std::io::Error);

fn serializable<T: serde::Serialize + for<'a> serde::Deserialize<'a>>(_: &T) {}

fn main() {
    let message = Message {
        text: "hello".to_owned(),
        after: std::time::Duration::ZERO,
    };
    serializable(&message);
    println!("{message:?}");
    let error = std::fs::File::open("/nowhere").map_err(Broken::from);
    println!("{}", error.unwrap_err());
    println!("path of a procedural macro: {}", type_name_of_val(&generator::lock!()));
    println!("path of a macro: {}", type_name_of_val(&foreign::lock!()));
    println!("path through the macro's crate: {}", type_name_of_val(&foreign::own_lock!()));
    println!("value of another crate: {}", type_name_of_val(&foreign::lock()));
}
