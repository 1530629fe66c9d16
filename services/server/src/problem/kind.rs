//! The kinds of problems.

use http::StatusCode;

/// The kinds of problems, each with an address that describes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ProblemKind {
    /// The request cannot be read at all.
    Malformed,
    /// Nobody is logged in and no working token was sent.
    Unauthenticated,
    /// These credentials do not allow it.
    Forbidden,
    /// There is nothing at this address.
    NotFound,
    /// The address does not take this method.
    MethodNotAllowed,
    /// The client paused too long, or the answer took too long.
    Timeout,
    /// It contradicts what is there.
    Conflict,
    /// Somebody changed it in the meantime.
    PreconditionFailed,
    /// The body is too large.
    TooLarge,
    /// The body has a media type that the address does not take.
    UnsupportedMediaType,
    /// The request can be read, but its content cannot be accepted.
    Invalid,
    /// The request must say which version it changes.
    PreconditionRequired,
    /// Too many attempts.
    TooManyRequests,
    /// The server failed.
    Internal,
    /// The database is not available at the moment.
    Unavailable,
}

impl ProblemKind {
    /// All kinds.
    pub const ALL: [Self; 15] = [
        Self::Malformed,
        Self::Unauthenticated,
        Self::Forbidden,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::Timeout,
        Self::Conflict,
        Self::PreconditionFailed,
        Self::TooLarge,
        Self::UnsupportedMediaType,
        Self::Invalid,
        Self::PreconditionRequired,
        Self::TooManyRequests,
        Self::Internal,
        Self::Unavailable,
    ];

    /// The HTTP status.
    #[must_use]
    pub const fn status(self) -> StatusCode {
        match self {
            Self::Malformed => StatusCode::BAD_REQUEST,
            Self::Unauthenticated => StatusCode::UNAUTHORIZED,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::Timeout => StatusCode::REQUEST_TIMEOUT,
            Self::Conflict => StatusCode::CONFLICT,
            Self::PreconditionFailed => StatusCode::PRECONDITION_FAILED,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
            Self::PreconditionRequired => StatusCode::PRECONDITION_REQUIRED,
            Self::TooManyRequests => StatusCode::TOO_MANY_REQUESTS,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// The kind in words.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Malformed => "The request cannot be read",
            Self::Unauthenticated => "Credentials are needed",
            Self::Forbidden => "These credentials do not allow it",
            Self::NotFound => "Not found",
            Self::MethodNotAllowed => "The address does not take this method",
            Self::Timeout => "It took too long",
            Self::Conflict => "It contradicts what is there",
            Self::PreconditionFailed => "Changed in the meantime",
            Self::TooLarge => "The body is too large",
            Self::UnsupportedMediaType => "The media type is not taken here",
            Self::Invalid => "The content cannot be accepted",
            Self::PreconditionRequired => "The version must be named",
            Self::TooManyRequests => "Too many attempts",
            Self::Internal => "The server failed",
            Self::Unavailable => "Not available at the moment",
        }
    }

    /// What to do about it, for the page of documentation.
    #[must_use]
    pub const fn advice(self) -> &'static str {
        match self {
            Self::Malformed => "Check the syntax of the body and of the headers; the detail names the place.",
            Self::Unauthenticated => "Send a working token in the header `Authorization: Bearer accord_…`, or log in.",
            Self::Forbidden => "Use a token with the scope, or an account with the role, that the detail names.",
            Self::NotFound => {
                "Check the address. A token that is bound to one project cannot see that others are there."
            }
            Self::MethodNotAllowed => "See the header `Allow` for the methods that the address takes.",
            Self::Timeout => "Send bodies without long pauses, and ask for less at a time.",
            Self::Conflict => "Read the present state and decide anew; for a task, claim another one.",
            Self::PreconditionFailed => "Read the newest version, apply the change to it, and send its `ETag`.",
            Self::TooLarge => "Send less at a time; the detail names the limit.",
            Self::UnsupportedMediaType => "Send one of the media types that the detail names.",
            Self::Invalid => "Correct what `errors` lists, by field and line.",
            Self::PreconditionRequired => "Send the `ETag` of the version that you read in the header `If-Match`.",
            Self::TooManyRequests => "Wait as long as the header `Retry-After` says.",
            Self::Internal => "Tell the operator the `request_id`; the server's log has the reason.",
            Self::Unavailable => "Try again after a moment; a request with an idempotency key is never done twice.",
        }
    }

    /// The part of the address that names the kind.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Malformed => "malformed-request",
            Self::Unauthenticated => "unauthenticated",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not-found",
            Self::MethodNotAllowed => "method-not-allowed",
            Self::Timeout => "timeout",
            Self::Conflict => "conflict",
            Self::PreconditionFailed => "precondition-failed",
            Self::TooLarge => "too-large",
            Self::UnsupportedMediaType => "unsupported-media-type",
            Self::Invalid => "invalid-content",
            Self::PreconditionRequired => "precondition-required",
            Self::TooManyRequests => "too-many-requests",
            Self::Internal => "internal",
            Self::Unavailable => "unavailable",
        }
    }

    pub(super) fn type_reference(self) -> String {
        format!("/api/docs/problems#{}", self.word())
    }
}
