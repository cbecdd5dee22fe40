// SPDX-License-Identifier: Apache-2.0
// What exists in KQL and is not translated, so that its users are not told it did not exist.
#include <algorithm>
#include <array>

#include "kql/aggregates.h"

namespace lw::kql {
namespace {

constexpr std::array<std::string_view, 64> kUnsupported = {"series_decompose",
                                                           "series_decompose_anomalies",
                                                           "series_decompose_forecast",
                                                           "series_periods_detect",
                                                           "series_periods_validate",
                                                           "series_outliers",
                                                           "series_seasonal",
                                                           "series_fit_line",
                                                           "series_fit_2lines",
                                                           "series_fit_2lines_dynamic",
                                                           "series_fit_poly",
                                                           "series_stats",
                                                           "series_fft",
                                                           "series_ifft",
                                                           "series_cosine_similarity",
                                                           "hll",
                                                           "hll_merge",
                                                           "hll_if",
                                                           "dcount_hll",
                                                           "tdigest",
                                                           "tdigest_merge",
                                                           "merge_tdigest",
                                                           "percentile_tdigest",
                                                           "percentrank_tdigest",
                                                           "rank_tdigest",
                                                           "buildschema",
                                                           "dcount_intersect",
                                                           "parse_user_agent",
                                                           "parse_xml",
                                                           "parse_csv",
                                                           "punycode_from_string",
                                                           "punycode_to_string",
                                                           "punycode_domain_from_string",
                                                           "punycode_domain_to_string",
                                                           "gzip_compress_to_base64_string",
                                                           "gzip_decompress_from_base64_string",
                                                           "zlib_compress_to_base64_string",
                                                           "zlib_decompress_from_base64_string",
                                                           "geo_distance_2points",
                                                           "geo_point_to_geohash",
                                                           "geo_point_to_s2cell",
                                                           "geo_point_to_h3cell",
                                                           "geo_point_in_circle",
                                                           "geo_point_in_polygon",
                                                           "geo_info_from_ip_address",
                                                           "geo_distance_point_to_line",
                                                           "beta_cdf",
                                                           "beta_inv",
                                                           "beta_pdf",
                                                           "convert_angle",
                                                           "convert_energy",
                                                           "convert_force",
                                                           "convert_length",
                                                           "convert_mass",
                                                           "convert_speed",
                                                           "convert_temperature",
                                                           "convert_volume",
                                                           "column_names_of",

                                                           "ingestion_time",
                                                           "dynamic_to_json",
                                                           "treepath",
                                                           "parse_path",
                                                           "welch_test",
                                                           "parse_version"};

}  // namespace

bool is_known_unsupported(std::string_view name) {
  return std::ranges::find(kUnsupported, name) != kUnsupported.end();
}

}  // namespace lw::kql
