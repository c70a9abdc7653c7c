//! Functions on titles for Weir: see docs/wasm.md. Built by ../build.

use std::ptr::addr_of_mut;

/// Memory for the arguments of the call that comes next, and for its result. Calls come one after the other.
static mut ARGUMENTS: Vec<u8> = Vec::new();
static mut RESULT: String = String::new();

#[link(wasm_import_module = "weir")]
extern "C" {
    /// The result of this call is NULL.
    fn null();
    /// This call has no result, for a reason that goes to the processing log.
    fn fail(text: *const u8, length: usize);
}

/// Where Weir puts the arguments that are STRING or BYTES.
#[no_mangle]
pub extern "C" fn alloc(size: usize) -> *mut u8 {
    let memory = unsafe { &mut *addr_of_mut!(ARGUMENTS) };
    memory.clear();
    memory.resize(size, 0);
    memory.as_mut_ptr()
}

fn text<'a>(at: *const u8, length: usize) -> &'a str {
    unsafe { std::str::from_utf8_unchecked(std::slice::from_raw_parts(at, length)) }
}

fn give(value: String) -> u64 {
    let kept = unsafe { &mut *addr_of_mut!(RESULT) };
    *kept = value;
    (kept.as_ptr() as u64) << 32 | kept.len() as u64
}

/// slug(title STRING) RETURNS STRING: 'Über uns!' is 'über-uns', and NULL where there is no letter and no digit.
#[no_mangle]
pub extern "C" fn slug(at: *const u8, length: usize) -> u64 {
    let mut out = String::with_capacity(length);
    for c in text(at, length).chars() {
        if c.is_alphanumeric() {
            out.extend(c.to_lowercase());
        } else if !out.is_empty() && !out.ends_with('-') {
            out.push('-');
        }
    }
    if out.trim_end_matches('-').is_empty() {
        unsafe { null() }
        return 0;
    }
    out.truncate(out.trim_end_matches('-').len());
    give(out)
}

/// distance(a STRING, b STRING) RETURNS INT: how many letters have to be put in, taken out or changed to make one of the other.
#[no_mangle]
pub extern "C" fn distance(a: *const u8, a_length: usize, b: *const u8, b_length: usize) -> i32 {
    let (a, b): (Vec<char>, Vec<char>) = (text(a, a_length).chars().collect(), text(b, b_length).chars().collect());
    if a.len().saturating_mul(b.len()) > 1_000_000 {
        let why = "the titles are too long to be compared";
        unsafe { fail(why.as_ptr(), why.len()) }
        return 0;
    }
    let mut row: Vec<i32> = (0..=b.len() as i32).collect();
    for (i, x) in a.iter().enumerate() {
        let mut before = row[0];
        row[0] = i as i32 + 1;
        for (j, y) in b.iter().enumerate() {
            let change = before + (x != y) as i32;
            before = row[j + 1];
            row[j + 1] = change.min(before + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}
