namespace Tributary.Media.Sources;

/// <summary>Why a request for packaged media cannot be answered: the class of the failure, which decides the HTTP status.</summary>
public enum MediaFailure
{
    None,

    /// <summary>The request itself makes no sense: 400.</summary>
    BadRequest,

    /// <summary>The media is damaged, or not what its name says: 404, as players expect of a packager.</summary>
    BadData,

    /// <summary>None of the tracks that were asked for is there: 404.</summary>
    NoStreams,

    /// <summary>There is no such file or segment: 404.</summary>
    NotFound,

    /// <summary>Nobody may read it: 403.</summary>
    Forbidden,

    /// <summary>The mapping is empty: 404.</summary>
    EmptyMapping,

    /// <summary>The mapping cannot be understood: 503.</summary>
    BadMapping,

    /// <summary>The presentation is over: 404.</summary>
    Expired,

    /// <summary>Another server that has the mapping or the media answered with an error: 502.</summary>
    BadUpstream,

    /// <summary>Another server did not answer in time: 504.</summary>
    UpstreamTimeout,

    /// <summary>A feature that is not there yet: 501.</summary>
    NotImplemented,

    /// <summary>Something of ours went wrong, or a limit was hit while answering: 500.</summary>
    Internal,
}
