using Tributary.Media.Sets;

namespace Tributary.Gateway.Vod;

/// <summary>
/// Every option of a location by its name: nginx-vod-module's directives without <c>vod_</c>, with the module's syntax of values. A directive that means
/// nothing here (buffers, threads) is taken and says so in the reference.
/// </summary>
static class VodDirectives
{
    /// <summary>Sets a directive.</summary>
    /// <returns>Null, or what is wrong with it: the end of a sentence that begins with its name.</returns>
    public static string? Set(ref VodLocation location, IReadOnlyDictionary<string, VodUpstream> upstreams, string name, string[] values)
    {
        if (!Table.TryGetValue(name, out var directive))
        {
            return "is no option";
        }

        var setting = new DirectiveSetting(location, upstreams, values);
        var problem = directive(setting);
        location = setting.Location;
        return problem;
    }

    public static IEnumerable<string> Names => Table.Keys;

    delegate string? Directive(DirectiveSetting setting);

    static readonly Dictionary<string, Directive> Table = new(StringComparer.Ordinal)
    {
        // Segmentation.
        ["segment_duration"] = s => s.Time(1, (o, v) => o with { Segmentation = o.Segmentation with { SegmentDuration = v } }, 1),
        ["live_window_duration"] = s => s.SignedTime((o, v) => o with { Segmentation = o.Segmentation with { LiveWindowDuration = v } }),
        ["bootstrap_segment_durations"] = s => s.Times((o, v) => o with { Segmentation = o.Segmentation with { BootstrapSegmentDurations = v } }),
        ["align_segments_to_key_frames"] = s => s.Flag((o, v) => o with { Segmentation = o.Segmentation with { AlignToKeyFrames = v } }),
        ["segment_count_policy"] = s => s.Word<SegmentCountPolicy>((o, v) => o with { Segmentation = o.Segmentation with { CountPolicy = v } },
            ("last_short", SegmentCountPolicy.LastShort), ("last_long", SegmentCountPolicy.LastLong), ("last_rounded", SegmentCountPolicy.LastRounded)),
        ["manifest_duration_policy"] = s => s.Word<ManifestDurationPolicy>((o, v) => o with { Segmentation = o.Segmentation with { ManifestDurationPolicy = v } },
            ("min", ManifestDurationPolicy.Min), ("max", ManifestDurationPolicy.Max)),
        ["manifest_segment_durations_mode"] = s => s.Word<SegmentDurationsMode>((o, v) => o with { Segmentation = o.Segmentation with { DurationsMode = v } },
            ("estimate", SegmentDurationsMode.Estimate), ("accurate", SegmentDurationsMode.Accurate)),
        ["force_playlist_type_vod"] = s => s.Flag((o, v) => o with { Segmentation = o.Segmentation with { ForcePlaylistTypeVod = v } }),
        ["force_continuous_timestamps"] = s => s.Flag((o, v) => o with { Segmentation = o.Segmentation with { ForceContinuousTimestamps = v } }),
        ["media_set_override_json"] = s => s.Expression((l, v) => l with { MediaSetOverride = v }),

        // Upstreams.
        ["upstream_location"] = s => s.Upstream((l, v) => l with { Upstream = v }),
        ["remote_upstream_location"] = s => s.Upstream((l, v) => l with { RemoteUpstream = v }),
        ["max_upstream_headers_size"] = s => s.LocationSize((l, v) => l with { MaxUpstreamHeadersSize = v }),
        ["upstream_extra_args"] = s => s.Expression((l, v) => l with { UpstreamExtraArguments = v }),
        ["media_set_map_uri"] = s => s.Expression((l, v) => l with { MediaSetMapUri = v }),
        ["path_response_prefix"] = s => s.Text((l, v) => l with { PathResponsePrefix = v }),
        ["path_response_postfix"] = s => s.Text((l, v) => l with { PathResponsePostfix = v }),
        ["max_mapping_response_size"] = s => s.LocationSize((l, v) => l with { MaxMappingResponseSize = v }),
        ["fallback_upstream_location"] = s => s.Upstream((l, v) => l with { FallbackUpstream = v }),
        ["proxy_header_name"] = s => s.Text((l, v) => l with { ProxyHeaderName = v }),
        ["proxy_header_value"] = s => s.Text((l, v) => l with { ProxyHeaderValue = v }),

        // Performance.
        ["metadata_cache"] = s => s.Cache((l, v) => l with { MetadataCache = v }),
        ["mapping_cache"] = s => s.Cache((l, v) => l with { MappingCache = v }),
        ["live_mapping_cache"] = s => s.Cache((l, v) => l with { LiveMappingCache = v }),
        ["response_cache"] = s => s.Cache((l, v) => l with { ResponseCache = v ?? CacheZone.Off }),
        ["live_response_cache"] = s => s.Cache((l, v) => l with { LiveResponseCache = v }),
        ["dynamic_mapping_cache"] = s => s.Cache((l, v) => l with { DynamicMappingCache = v }),
        ["initial_read_size"] = s => s.Size((o, v) => o with { Reading = o.Reading with { InitialReadSize = (int)v } }, 1 << 30),
        ["max_metadata_size"] = s => s.Size((o, v) => o with { Reading = o.Reading with { MaxMetadataSize = v } }),
        ["max_frames_size"] = s => s.Size((o, v) => o with { Reading = o.Reading with { MaxFramesSize = v } }),
        ["max_frame_count"] = s => s.Count((o, v) => o with { Reading = o.Reading with { MaxFrameCount = v } }),
        ["segment_max_frame_count"] = s => s.Count((o, v) => o with { Reading = o.Reading with { SegmentMaxFrameCount = v } }),
        ["cache_buffer_size"] = s => s.Size((o, v) => o with { Reading = o.Reading with { CacheBufferSize = (int)v } }, 1 << 30),
        ["open_file_thread_pool"] = s => s.Ignore(0, 1),
        ["output_buffer_pool"] = s => s.Ignore(1, 2),
        ["performance_counters"] = s => s.Ignore(1, 1),

        // URLs.
        ["base_url"] = s => s.Expression((l, v) => l with { BaseUrl = v }),
        ["segments_base_url"] = s => s.Expression((l, v) => l with { SegmentsBaseUrl = v }),
        ["multi_uri_suffix"] = s => s.Name((o, v) => o with { Urls = o.Urls with { MultiUriSuffix = v } }),
        ["clip_to_param_name"] = s => s.Name((o, v) => o with { Urls = o.Urls with { ClipToName = v } }),
        ["clip_from_param_name"] = s => s.Name((o, v) => o with { Urls = o.Urls with { ClipFromName = v } }),
        ["tracks_param_name"] = s => s.Name((o, v) => o with { Urls = o.Urls with { TracksName = v } }),
        ["time_shift_param_name"] = s => s.Name((o, v) => o with { Urls = o.Urls with { TimeShiftName = v } }),
        ["speed_param_name"] = s => s.Name((o, v) => o with { Urls = o.Urls with { SpeedName = v } }),
        ["lang_param_name"] = s => s.Name((o, v) => o with { Urls = o.Urls with { LanguageName = v } }),
        ["force_sequence_index"] = s => s.Flag((o, v) => o with { Urls = o.Urls with { ForceSequenceIndex = v } }),

        // Response headers.
        ["expires"] = s => s.Seconds((l, v) => l with { Expires = v }),
        ["expires_live"] = s => s.Seconds((l, v) => l with { ExpiresLive = v }),
        ["expires_live_time_dependent"] = s => s.Seconds((l, v) => l with { ExpiresLiveTimeDependent = v }),
        ["last_modified"] = s => s.Date((l, v) => l with { LastModified = v }),
        ["last_modified_types"] = s => s.Words((l, v) => l with { LastModifiedTypes = v }),

        // Ad stitching.
        ["dynamic_clip_map_uri"] = s => s.Expression((l, v) => l with { DynamicClipMapUri = v }),
        ["source_clip_map_uri"] = s => s.Expression((l, v) => l with { SourceClipMapUri = v }),
        ["redirect_segments_url"] = s => s.Expression((l, v) => l with { RedirectSegmentsUrl = v }),
        ["apply_dynamic_mapping"] = s => s.Expression((l, v) => l with { ApplyDynamicMapping = v }),
        ["notification_uri"] = s => s.Expression((l, v) => l with { NotificationUri = v }),

        // Encryption.
        ["secret_key"] = s => s.Expression((l, v) => l with { SecretKey = v }),
        ["encryption_iv_seed"] = s => s.Expression((l, v) => l with { EncryptionIvSeed = v }),
        ["drm_enabled"] = s => s.Flag((o, v) => o with { Drm = o.Drm with { Enabled = v } }),
        ["drm_single_key"] = s => s.Flag((o, v) => o with { Drm = o.Drm with { SingleKey = v } }),
        ["drm_clear_lead_segment_count"] = s => s.Count((o, v) => o with { Drm = o.Drm with { ClearLeadSegmentCount = v } }),
        ["drm_max_info_length"] = s => s.LocationSize((l, v) => l with { MaxDrmInfoLength = v }),
        ["drm_upstream_location"] = s => s.Upstream((l, v) => l with { DrmUpstream = v }),
        ["drm_info_cache"] = s => s.Cache((l, v) => l with { DrmInfoCache = v }),
        ["drm_request_uri"] = s => s.Expression((l, v) => l with { DrmRequestUri = v }),
        ["min_single_nalu_per_frame_segment"] = s => s.Count((o, v) => o with { Drm = o.Drm with { MinSingleNaluPerFrameSegment = v } }),

        // DASH.
        ["dash_absolute_manifest_urls"] = s => s.Flag((o, v) => o with { Dash = o.Dash with { AbsoluteManifestUrls = v } }),
        ["dash_manifest_file_name_prefix"] = s => s.Name((o, v) => o with { Dash = o.Dash with { ManifestFileNamePrefix = v } }),
        ["dash_profiles"] = s => s.Name((o, v) => o with { Dash = o.Dash with { Profiles = v } }),
        ["dash_init_file_name_prefix"] = s => s.Name((o, v) => o with { Dash = o.Dash with { InitFileNamePrefix = v } }),
        ["dash_fragment_file_name_prefix"] = s => s.Name((o, v) => o with { Dash = o.Dash with { FragmentFileNamePrefix = v } }),
        ["dash_manifest_format"] = s => s.Word<DashManifestFormat>((o, v) => o with { Dash = o.Dash with { ManifestFormat = v } },
            ("segmentlist", DashManifestFormat.SegmentList), ("segmenttemplate", DashManifestFormat.SegmentTemplate), ("segmenttimeline", DashManifestFormat.SegmentTimeline)),
        ["dash_subtitle_format"] = s => s.Word<DashSubtitleFormat>((o, v) => o with { Dash = o.Dash with { SubtitleFormat = v } },
            ("webvtt", DashSubtitleFormat.WebVtt), ("smpte-tt", DashSubtitleFormat.SmpteTt)),
        ["dash_init_mp4_pssh"] = s => s.Flag((o, v) => o with { Dash = o.Dash with { InitMp4Pssh = v } }),
        ["dash_duplicate_bitrate_threshold"] = s => s.Number((o, v) => o with { Dash = o.Dash with { DuplicateBitrateThreshold = v } }),
        ["dash_use_base_url_tag"] = s => s.Flag((o, v) => o with { Dash = o.Dash with { UseBaseUrlTag = v } }),
        ["dash_write_playready_kid"] = s => s.Flag((o, v) => o with { Dash = o.Dash with { WritePlayReadyKid = v } }),

        // HDS.
        ["hds_absolute_manifest_urls"] = s => s.Flag((o, v) => o with { Hds = o.Hds with { AbsoluteManifestUrls = v } }),
        ["hds_manifest_file_name_prefix"] = s => s.Name((o, v) => o with { Hds = o.Hds with { ManifestFileNamePrefix = v } }),
        ["hds_fragment_file_name_prefix"] = s => s.Name((o, v) => o with { Hds = o.Hds with { FragmentFileNamePrefix = v } }),
        ["hds_generate_moof_atom"] = s => s.Flag((o, v) => o with { Hds = o.Hds with { GenerateMoof = v } }),

        // HLS.
        ["hls_encryption_method"] = s => s.Word<HlsEncryption>((o, v) => o with { Hls = o.Hls with { Encryption = v } },
            ("none", HlsEncryption.None), ("aes-128", HlsEncryption.Aes128), ("sample-aes", HlsEncryption.SampleAes), ("sample-aes-cenc", HlsEncryption.SampleAesCenc)),
        ["hls_force_unmuxed_segments"] = s => s.Flag((o, v) => o with { Hls = o.Hls with { ForceUnmuxedSegments = v } }),
        ["hls_container_format"] = s => s.Word<HlsContainer>((o, v) => o with { Hls = o.Hls with { Container = v } },
            ("auto", HlsContainer.Auto), ("mpegts", HlsContainer.MpegTs), ("fmp4", HlsContainer.Fmp4)),
        ["hls_absolute_master_urls"] = s => s.Flag((o, v) => o with { Hls = o.Hls with { AbsoluteMasterUrls = v } }),
        ["hls_absolute_index_urls"] = s => s.Flag((o, v) => o with { Hls = o.Hls with { AbsoluteIndexUrls = v } }),
        ["hls_absolute_iframe_urls"] = s => s.Flag((o, v) => o with { Hls = o.Hls with { AbsoluteIframeUrls = v } }),
        ["hls_output_iframes_playlist"] = s => s.Flag((o, v) => o with { Hls = o.Hls with { OutputIframesPlaylist = v } }),
        ["hls_master_file_name_prefix"] = s => s.Name((o, v) => o with { Hls = o.Hls with { MasterFileNamePrefix = v } }),
        ["hls_index_file_name_prefix"] = s => s.Name((o, v) => o with { Hls = o.Hls with { IndexFileNamePrefix = v } }),
        ["hls_iframes_file_name_prefix"] = s => s.Name((o, v) => o with { Hls = o.Hls with { IframesFileNamePrefix = v } }),
        ["hls_segment_file_name_prefix"] = s => s.Name((o, v) => o with { Hls = o.Hls with { SegmentFileNamePrefix = v } }),
        ["hls_init_file_name_prefix"] = s => s.Name((o, v) => o with { Hls = o.Hls with { InitFileNamePrefix = v } }),
        ["hls_encryption_key_file_name"] = s => s.Name((o, v) => o with { Hls = o.Hls with { EncryptionKeyFileName = v.EndsWith(".key", StringComparison.Ordinal) ? v[..^4] : v } }),
        ["hls_encryption_key_uri"] = s => s.Expression((l, v) => l with { EncryptionKeyUri = v }),
        ["hls_encryption_key_format"] = s => s.Name((o, v) => o with { Hls = o.Hls with { EncryptionKeyFormat = v } }),
        ["hls_encryption_key_format_versions"] = s => s.Name((o, v) => o with { Hls = o.Hls with { EncryptionKeyFormatVersions = v } }),
        ["hls_mpegts_interleave_frames"] = s => s.Flag((o, v) => o with { Hls = o.Hls with { InterleaveFrames = v } }),
        ["hls_mpegts_align_frames"] = s => s.Flag((o, v) => o with { Hls = o.Hls with { AlignFrames = v } }),
        ["hls_mpegts_output_id3_timestamps"] = s => s.Flag((o, v) => o with { Hls = o.Hls with { OutputId3Timestamps = v } }),
        ["hls_mpegts_id3_data"] = s => s.CheckedExpression((o, v) => o with { Hls = o.Hls with { Id3Data = v } }),
        ["hls_mpegts_align_pts"] = s => s.Flag((o, v) => o with { Hls = o.Hls with { AlignPts = v } }),
        ["hls_encryption_output_iv"] = s => s.Flag((o, v) => o with { Hls = o.Hls with { EncryptionOutputIv = v } }),

        // Smooth Streaming, thumbnails, volume maps.
        ["mss_manifest_file_name_prefix"] = s => s.Name((o, v) => o with { Mss = o.Mss with { ManifestFileNamePrefix = v } }),
        ["mss_duplicate_bitrate_threshold"] = s => s.Number((o, v) => o with { Mss = o.Mss with { DuplicateBitrateThreshold = v } }),
        ["thumb_file_name_prefix"] = s => s.Name((o, v) => o with { Thumbnail = o.Thumbnail with { FileNamePrefix = v } }),
        ["thumb_accurate_positioning"] = s => s.Flag((o, v) => o with { Thumbnail = o.Thumbnail with { AccuratePositioning = v } }),
        ["gop_look_behind"] = s => s.Time(1, (o, v) => o with { Thumbnail = o.Thumbnail with { GopLookBehind = v } }),
        ["gop_look_ahead"] = s => s.Time(1, (o, v) => o with { Thumbnail = o.Thumbnail with { GopLookAhead = v } }),
        ["volume_map_file_name_prefix"] = s => s.Name((o, v) => o with { VolumeMap = o.VolumeMap with { FileNamePrefix = v } }),
        ["volume_map_interval"] = s => s.Time(1, (o, v) => o with { VolumeMap = o.VolumeMap with { Interval = v } }, 1),

        // Reading.
        ["ignore_edit_list"] = s => s.Flag((o, v) => o with { Reading = o.Reading with { IgnoreEditList = v } }),
        ["parse_hdlr_name"] = s => s.Flag((o, v) => o with { Reading = o.Reading with { ParseHdlrName = v } }),
        ["parse_udta_name"] = s => s.Flag((o, v) => o with { Reading = o.Reading with { ParseUdtaName = v } }),
    };
}
