//! Names and addresses by where their blocks stand.

use std::collections::BTreeSet;

use crate::readers::features::names;
use crate::readers::labelled_anchors::{heading_names, join_address, joined_name};
use crate::readers::labels::Label;
use crate::readers::parties::blocks::{self, Block};
use crate::readers::parties::header::{self, HeaderLine, LineKind};
use crate::readers::reading::Reading;

/// A line this much taller than the next tallest is set apart as the name of the shop.
const TALLER: f32 = 1.25;

/// The block of the seller: headed as such, or the sender's line, or the block beside the addressee with a telephone or a town.
pub(super) fn seller(reading: &Reading) -> Option<Block> {
    if let Some(name) = heading_names(reading, Label::Seller).next() {
        let blocks = blocks::find(reading);
        let own = blocks
            .into_iter()
            .find(|block| block.name.as_ref() == Some(&name) && !block.address.is_empty());
        return Some(own.unwrap_or_else(|| Block::headed(reading, Label::Seller, name)));
    }
    let blocks = blocks::find(reading);
    let sender = blocks.iter().find(|block| block.is_sender_line);
    let domains = names::domains(reading);
    let buyers: BTreeSet<String> = heading_names(reading, Label::Buyer).collect();
    let letterhead = || {
        let candidates = blocks.iter().filter(|block| {
            block.heading.is_none()
                && block.name.as_ref().is_some_and(|name| !buyers.contains(name))
                && !block.is_under_sender_line
                && block.top_share < 0.35
        });
        let known = |block: &&Block| {
            block
                .name
                .as_deref()
                .is_some_and(|name| names::matches_domain(name, &domains))
        };
        let addressed = |block: &&Block| !block.address.is_empty() && (block.has_contact || block.left_share > 0.5);
        candidates
            .clone()
            .find(known)
            .or_else(|| candidates.clone().find(addressed))
            .or_else(|| candidates.clone().find(|block| block.has_contact))
    };
    sender.or_else(letterhead).cloned()
}

/// The address in the seller's block, else in another block that begins with the seller's name.
pub(super) fn seller_address(reading: &Reading) -> Option<String> {
    let own = seller(reading)?;
    if !own.address.is_empty() {
        return Some(own.address);
    }
    let same = blocks::find(reading)
        .into_iter()
        .find(|block| block.name.is_some() && block.name == own.name && !block.address.is_empty());
    same.map(|block| block.address)
}

/// The name in the buyer's block: headed as such, or under the sender's line, or the addressed block that is not the seller's.
pub(super) fn buyer(reading: &Reading) -> Option<String> {
    if let Some(name) = heading_names(reading, Label::Buyer).next() {
        return Some(name);
    }
    let blocks = blocks::find(reading);
    let seller = seller(reading).and_then(|block| block.name);
    let other = |block: &&Block| {
        block.name.is_some() && block.name != seller && !block.is_sender_line && block.heading.is_none()
    };
    let under = blocks
        .iter()
        .filter(other)
        .find(|block| block.is_under_sender_line && block.left_share < 0.5);
    let addressed = || {
        let candidates = blocks
            .iter()
            .filter(other)
            .filter(|block| !block.address.is_empty() && block.top_share < 0.45 && !block.has_contact);
        let names: BTreeSet<&String> = candidates.filter_map(|block| block.name.as_ref()).collect();
        if names.len() == 1 {
            names.into_iter().next().cloned()
        } else {
            None
        }
    };
    under.and_then(|block| block.name.clone()).or_else(addressed)
}

/// The line of a receipt's head that is set taller than the others; else the name nearest above the address.
pub(super) fn shop_name(reading: &Reading) -> Option<String> {
    let lines = header::lines(reading);
    let address = lines.iter().position(|line| line.kind == LineKind::Address)?;
    let head = lines.get(..address)?;
    let names: Vec<usize> = (0..head.len())
        .filter(|place| head.get(*place).is_some_and(|line| line.kind == LineKind::Name))
        .collect();
    let mut heights: Vec<(f32, usize)> = names
        .iter()
        .filter_map(|place| Some((height(reading, head.get(*place)?)?, *place)))
        .collect();
    heights.sort_by(|left, right| right.0.total_cmp(&left.0));
    let tallest = match heights.as_slice() {
        [first, second, ..] if first.0 > TALLER * second.0 => Some(first.1),
        _ => None,
    };
    let chosen = tallest.or_else(|| names.last().copied())?;
    Some(joined_name(head, chosen))
}

fn height(reading: &Reading, line: &HeaderLine) -> Option<f32> {
    let heights = reading
        .view
        .row(line.row)
        .iter()
        .filter_map(|segment| segment.bounds)
        .map(|bounds| bounds.bottom - bounds.top);
    heights.max_by(f32::total_cmp)
}

/// The lines of a receipt's head that follow the first line of an address without a gap.
pub(super) fn shop_address(reading: &Reading) -> Option<String> {
    const WIDEST_GAP: f32 = 1.6;
    let lines = header::lines(reading);
    let first = lines.iter().position(|line| line.kind == LineKind::Address)?;
    let edges = |line: &HeaderLine| {
        let boxes = reading.view.row(line.row).iter().filter_map(|segment| segment.bounds);
        boxes.fold(None, |edges: Option<(f32, f32)>, bounds| {
            Some(edges.map_or((bounds.top, bounds.bottom), |(top, bottom)| {
                (top.min(bounds.top), bottom.max(bounds.bottom))
            }))
        })
    };
    let mut run = vec![lines.get(first)?];
    for line in lines.iter().skip(first + 1) {
        let (Some((_, bottom)), Some((top, own_bottom))) = (run.last().and_then(|last| edges(last)), edges(line))
        else {
            break;
        };
        let near = top - bottom < WIDEST_GAP * (own_bottom - top).max(1.0);
        if !near || line.kind != LineKind::Address {
            break;
        }
        run.push(line);
    }
    Some(join_address(run.into_iter().map(|line| line.text.as_str())))
}
