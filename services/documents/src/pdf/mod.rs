//! PDF files: text layer with word boxes, page images, embedded electronic invoices.
//!
//! A PDF is read in steps, each of which trusts nothing of the one before: the raw bytes are looked through for what would exhaust memory
//! (`prescan`), objects are parsed within a budget (`conceal`, `load`, `unpack`), pages are listed (`pages`), each page is reduced to sound text operators
//! (`content`) with fonts built anew (`fonts`), the text library shows its characters (`extract`), and characters become words and rows
//! (`words`, `layout`). Panics of the libraries become errors; [`read_pdf_guarded`] adds a thread with a deadline and a stack of its own.

mod annotations;
mod attachments;
mod characters;
mod cmaps;
mod conceal;
mod content;
mod encodings;
mod extract;
mod fonts;
mod frame;
mod geometry;
mod guard;
mod layout;
mod lexer;
mod load;
mod page_images;
mod pages;
mod panics;
mod prescan;
mod read;
mod streams;
mod unpack;
mod words;

pub use guard::{read_pdf_guarded, reading_threads_given_up};
pub use page_images::{PageImage, page_images};
pub use read::read_pdf;
