extern crate gstd as std;

thread_local! {
    static FROM_PRELUDE: u8 = 1;
}

std::thread_local! {
    static FROM_PATH: u8 = 1;
}

fn main() {
    println!("{}", std::any::type_name_of_val(&FROM_PRELUDE));
    println!("{}", std::any::type_name_of_val(&FROM_PATH));
}
