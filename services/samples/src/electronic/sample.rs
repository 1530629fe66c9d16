//! Electronic invoices without a PDF around them.

use crate::appraisal::values;
use crate::chance::{Chance, Purpose};
use crate::compose::{Latitude, compose};
use crate::country::Country;
use crate::error::SampleError;
use crate::gold::InvoiceGold;
use crate::supplier::{Pool, Supplier};

use super::universal;

/// One electronic invoice that is plain XML.
#[derive(Debug, Clone, PartialEq)]
pub struct XmlInvoice {
    /// Unique within a seed, and a valid file name, such as `xrechnung-007`.
    pub id: String,
    /// The file: XRechnung 3.0 in UBL 2.1.
    pub xml: String,
    /// The true values.
    pub gold: InvoiceGold,
}

/// Makes the first `count` XRechnung files of a seed, from German suppliers.
///
/// # Errors
/// [`SampleError::Xml`] when the XML cannot be written; none is expected.
pub fn generate_xrechnung(seed: u64, count: usize) -> Result<Vec<XmlInvoice>, SampleError> {
    (0..)
        .map(|index| Supplier::of_seed(seed, Pool::Electronic, index))
        .filter(|supplier| supplier.party.country == Country::Germany)
        .zip(1u64..)
        .take(count)
        .map(|(supplier, position)| make(seed, &supplier, position))
        .collect()
}

fn make(seed: u64, supplier: &Supplier, position: u64) -> Result<XmlInvoice, SampleError> {
    let id = format!("xrechnung-{position:03}");
    let latitude = Latitude {
        misprints: false,
        older_balance: false,
    };
    let mut chance = Chance::new(seed, Purpose::Electronic, position);
    let invoice = compose(seed, supplier, 0, latitude, &mut chance);
    let xml = universal::write(&invoice).map_err(|source| SampleError::Xml {
        sample: id.clone(),
        source,
    })?;
    Ok(XmlInvoice {
        gold: values(&invoice),
        xml,
        id,
    })
}
