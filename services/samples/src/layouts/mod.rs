//! The looks of invoices.

mod banner;
mod bordered;
mod fittings;
mod letter;
mod nordic;
mod printout;
mod receipt;
mod side_panel;
mod statement;
mod table;
mod two_columns;
mod utility;

mod american;

use crate::canvas::Canvas;
use crate::chance::{Chance, Purpose};
use crate::invoice::Invoice;
use crate::supplier::Pool;

/// One of the looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum LayoutKind {
    /// A business letter with an address window and a footer in columns.
    Letter,
    /// A coloured panel at the side that holds the facts, each label above its value.
    SidePanel,
    /// Boxes and a table with all its borders.
    Bordered,
    /// Seller and buyer side by side under a centred letterhead.
    TwoColumns,
    /// The bill of a public utility, with a slip to tear off.
    Utility,
    /// A coloured band with the facts in a strip below; totals on the left.
    Banner,
    /// Bill-to and ship-to, facts and totals in boxes on the right.
    American,
    /// The print of an old accounting system in one typewriter face.
    Printout,
    /// A row of boxed totals and a payment slip at the foot.
    Nordic,
    /// A strip of till paper.
    Receipt,
}

impl LayoutKind {
    /// All looks.
    pub(crate) const ALL: [Self; 10] = [
        Self::Letter,
        Self::SidePanel,
        Self::Bordered,
        Self::TwoColumns,
        Self::Utility,
        Self::Banner,
        Self::American,
        Self::Printout,
        Self::Nordic,
        Self::Receipt,
    ];

    /// Looks are dealt like cards, so that few suppliers already show all of them.
    pub(crate) fn dealt(seed: u64, pool: Pool, index: u64) -> Self {
        let mut deck: Vec<Self> = Self::ALL.to_vec();
        if pool == Pool::Electronic {
            deck.retain(|kind| !matches!(kind, Self::Receipt | Self::Printout | Self::American));
        }
        let size = deck.len() as u64;
        let round = index / size;
        Chance::new(seed, Purpose::Choice, (1 << 34) + pool as u64 + 2 * round).shuffle(&mut deck);
        deck[usize::try_from(index % size).unwrap_or(0)]
    }

    /// The name in the gold.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Letter => "letter",
            Self::SidePanel => "side-panel",
            Self::Bordered => "bordered",
            Self::TwoColumns => "two-columns",
            Self::Utility => "utility",
            Self::Banner => "banner",
            Self::American => "american",
            Self::Printout => "printout",
            Self::Nordic => "nordic",
            Self::Receipt => "receipt",
        }
    }

    /// Draws an invoice.
    pub(crate) fn draw(self, invoice: &Invoice<'_>) -> Canvas {
        match self {
            Self::Letter => letter::draw(invoice),
            Self::SidePanel => side_panel::draw(invoice),
            Self::Bordered => bordered::draw(invoice),
            Self::TwoColumns => two_columns::draw(invoice),
            Self::Utility => utility::draw(invoice),
            Self::Banner => banner::draw(invoice),
            Self::American => american::draw(invoice),
            Self::Printout => printout::draw(invoice),
            Self::Nordic => nordic::draw(invoice),
            Self::Receipt => receipt::draw(invoice),
        }
    }
}
