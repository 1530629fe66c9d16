//! Figures over a whole project, shared by pages and API.

mod agreement;
mod agreement_detail;
mod cache;
mod calibration;
mod certification;
mod figure;
mod live;
mod methods;
mod panel;
mod votes;

use std::sync::Arc;

use accord_domain::{CalibratorId, FieldName, ProjectId};
use tokio::sync::Semaphore;

pub use agreement::{Agreement, ClassCount, FieldAgreement, agreement, agreement_now};
pub use agreement_detail::{
    AgreementDetail, ComparedAnnotator, Confusion, MAXIMUM_COMPARED, PairAgreement, PoolAgreement, agreement_detail,
};
pub(crate) use calibration::reliability_of;
pub use calibration::{
    BrierDecomposition, CalibratedFigures, Calibration, CalibratorFigures, ReliabilityLevel, calibration,
};
pub use certification::{
    Acceptance, AcceptanceOutcome, CertificationBasis, DEFAULT_DELTA, Promise, RiskStep, ThresholdTest,
};
pub use figure::Figure;
pub use methods::{FieldAdvice, Methods, methods};
pub use panel::{FieldPanel, PanelAnnotator, PanelFamily};

use cache::{FieldBasis, FigureCache, VotesBasis};
use live::LiveAgreement;

/// A field, and the promise that its confidence is held against.
type CalibrationKey = (ProjectId, FieldName, (u64, u64));

/// All figures that were computed, kept as long as they hold.
pub(crate) struct Figures {
    agreement: FigureCache<ProjectId, VotesBasis, Agreement>,
    details: FigureCache<(ProjectId, FieldName), FieldBasis, AgreementDetail>,
    calibrations: FigureCache<CalibrationKey, Option<CalibratorId>, Calibration>,
    live: LiveAgreement,
}

impl Figures {
    pub(crate) fn new() -> Self {
        // One place for all: figures take every core while they are computed.
        let place = Arc::new(Semaphore::new(1));
        Self {
            agreement: FigureCache::new(&place),
            details: FigureCache::new(&place),
            calibrations: FigureCache::new(&place),
            live: LiveAgreement::default(),
        }
    }
}
