// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/ip_address.h"
#include "base/pattern.h"
#include "base/text.h"
#include "migrate/blackbox_parts.h"
#include "model/limits.h"

namespace lw::migrate {
namespace {

/// How many redirects Go's client follows, which is what the exporter uses.
constexpr int kRedirects = 10;

void read_ip_protocol(Settings& settings, TestConfiguration& configuration) {
  // The exporter prefers IPv6 when nothing is said; linewatch takes what the name gives.
  const std::string protocol = settings.text("preferred_ip_protocol");
  if (protocol == "ip4") configuration.preferred_ip_version = IpVersion::V4;
  if (protocol == "ip6") configuration.preferred_ip_version = IpVersion::V6;
  const bool is_known = protocol.empty() || protocol == "ip4" || protocol == "ip6";
  if (!is_known) {
    settings.loss("preferred_ip_protocol", fmt::format("{} is no protocol", quoted(protocol)));
  }
  // Here a wanted version is the only one that is tried.
  const bool falls_back = settings.flag("ip_protocol_fallback").value_or(true);
  if (configuration.preferred_ip_version && falls_back) {
    settings.note("preferred_ip_protocol",
                  fmt::format("targets without an {} address fail; there is no falling back",
                              protocol == "ip4" ? "IPv4" : "IPv6"));
  }
}

void read_source_address(Settings& settings, TestConfiguration& configuration) {
  const std::string address = settings.text("source_ip_address");
  if (address.empty()) return;
  if (parse_ip_address(address)) {
    configuration.packets.source_address = address;
  } else {
    settings.loss("source_ip_address", fmt::format("{} is no IP address", quoted(address)));
  }
}

bool is_token(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos ||
           (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  });
}

void read_headers(Settings& settings, HttpConfiguration& http) {
  for (auto& [name, value] : settings.pairs("headers")) {
    if (is_token(name) && is_printable(value)) {
      http.request_headers.push_back({name, value});
    } else {
      settings.loss("headers", fmt::format("{} is no header that can be sent", quoted(name)));
    }
  }
}

void read_status_codes(Settings& settings, HttpConfiguration& http) {
  for (const Value& item : items_of(settings.find("valid_status_codes"))) {
    const auto code = number_of(item);
    if (code && *code >= 100 && *code <= 600 && *code == std::floor(*code)) {
      http.valid_status_codes.push_back({static_cast<int>(*code), static_cast<int>(*code)});
    } else {
      settings.loss("valid_status_codes",
                    fmt::format("{} is no status code", quoted(text_of(item))));
    }
  }
  // The exporter's default; linewatch's own is wider.
  if (http.valid_status_codes.empty()) http.valid_status_codes = {{200, 299}};
}

void read_version(Settings& settings, HttpConfiguration& http) {
  const std::vector<Value> versions = items_of(settings.find("valid_http_versions"));
  const bool is_http2_off = settings.flag("enable_http2") == false;
  if (is_http2_off) http.version = HttpVersion::Http11;
  if (versions.empty()) return;
  const auto is_one = [&](std::string_view wanted) {
    return std::ranges::any_of(versions, [&](const Value& v) { return text_of(v) == wanted; });
  };
  const bool wants_1 = is_one("HTTP/1.1");
  const bool wants_2 = is_one("HTTP/2.0") || is_one("HTTP/2");
  if (wants_2 && !wants_1 && !is_http2_off) http.version = HttpVersion::Http2;
  if (wants_1 && !wants_2) http.version = HttpVersion::Http11;
  settings.note("valid_http_versions",
                "linewatch offers this version instead of judging the one that the answer has");
}

void read_body_rules(Settings& settings, HttpConfiguration& http) {
  const std::vector<Value> patterns = items_of(settings.find("fail_if_body_not_matches_regexp"));
  for (const Value& item : patterns) {
    const std::string pattern = text_of(item);
    const std::string wrong = pattern_fault(pattern);
    if (!wrong.empty()) {
      settings.loss("fail_if_body_not_matches_regexp",
                    fmt::format("{} is no expression of RE2: {}", quoted(pattern), wrong));
    } else if (!http.body_matches.empty() || http.method == HttpMethod::Head) {
      settings.loss("fail_if_body_not_matches_regexp",
                    fmt::format("only one expression can be asked for, and none with HEAD; {} is "
                                "left out",
                                quoted(pattern)));
    } else {
      http.body_matches = pattern;
    }
  }
  for (const char* const key :
       {"fail_if_body_matches_regexp", "fail_if_body_json_matches_cel",
        "fail_if_body_json_not_matches_cel", "fail_if_header_matches", "fail_if_header_not_matches",
        "fail_if_header_matches_regexp", "fail_if_header_not_matches_regexp"}) {
    settings.lose(key, "linewatch judges the status and whether the body matches one expression");
  }
}

void lose_credentials(Settings& settings) {
  for (const char* const key :
       {"basic_auth", "authorization", "bearer_token", "bearer_token_file", "oauth2"}) {
    settings.lose(key, "credentials are not copied; add a requestHeaders entry `Authorization`");
  }
}

void lose_tls(Settings& settings) {
  const Value* const tls = settings.find("tls_config");
  if (tls == nullptr || !tls->is_object()) return;
  for (const Value::Member& member : tls->as_object()) {
    const bool is_ca = member.key == "ca_file" || member.key == "ca";
    const bool is_off = member.value.is_bool() && !member.value.as_bool();
    if (is_off || member.value.is_null()) continue;
    settings.loss("tls_config",
                  is_ca ? "tls_config.ca_file: give the file to the agent (--extra-ca)"
                        : fmt::format("tls_config.{}: certificates are always checked as a browser "
                                      "does, and none is shown",
                                      printable(member.key, 40)));
  }
}

bool read_method(Settings& settings, HttpConfiguration& http) {
  const std::string method = to_lower(settings.text("method"));
  static constexpr std::array<std::string_view, 3> kMethods{"get", "post", "head"};
  if (method.empty()) return true;
  const auto found = std::ranges::find(kMethods, method);
  if (found == kMethods.end()) {
    settings.loss("method", fmt::format("linewatch sends GET, POST and HEAD, not {}; the module is "
                                        "left out",
                                        quoted(method)));
    return false;
  }
  http.method = static_cast<HttpMethod>(found - kMethods.begin());
  return true;
}

void read_http(Settings& settings, BlackboxModule& module) {
  HttpConfiguration http;
  module.is_usable = read_method(settings, http);
  read_status_codes(settings, http);
  read_version(settings, http);
  read_headers(settings, http);
  const bool follows = settings.flag("follow_redirects").value_or(true) &&
                       !settings.flag("no_follow_redirects").value_or(false);
  http.redirects_max = follows ? kRedirects : 0;
  read_body_rules(settings, http);
  lose_credentials(settings);
  lose_tls(settings);
  for (const char* const key : {"body", "body_file"}) {
    settings.lose(key, "requests carry no body");
  }
  for (const char* const key : {"proxy_url", "proxy_from_environment", "proxy_connect_header"}) {
    settings.lose(key, "checks go straight to the destination");
  }
  settings.lose("fail_if_ssl", "write http:// targets and maxRedirects: 0 instead");
  settings.lose("fail_if_not_ssl", "write https:// targets instead");
  settings.lose("compression", "answers are read as they come");
  settings.lose("body_size_limit", "a longer body is read no further and is no fault");
  settings.lose("http_headers", "write `headers`");
  settings.lose("enable_http3", "there is no HTTP/3");
  for (const char* const key : {"skip_resolve_phase_with_proxy", "no_proxy"}) settings.ignore(key);
  read_ip_protocol(settings, module.configuration);
  module.configuration.protocol = std::move(http);
}

void read_tcp(Settings& settings, BlackboxModule& module) {
  settings.lose("tls", "only the connection is tested; test the certificate by Http");
  settings.ignore("tls_config");  // Without TLS there is nothing it could say.
  settings.lose("query_response", "only the connection is tested, not what is said over it");
  read_ip_protocol(settings, module.configuration);
  read_source_address(settings, module.configuration);
  module.configuration.protocol = TcpConfiguration{};
}

void read_icmp(Settings& settings, BlackboxModule& module) {
  PacketOptions& packets = module.configuration.packets;
  read_ip_protocol(settings, module.configuration);
  read_source_address(settings, module.configuration);
  packets.dont_fragment = settings.flag("dont_fragment").value_or(false);
  if (const auto size = settings.number("payload_size"); size && *size > 0) {
    packets.payload_bytes = static_cast<int>(
        std::clamp<double>(*size, limits::kPayloadBytesMin, limits::kPayloadBytesMax));
    if (*packets.payload_bytes != *size) {
      settings.note("payload_size",
                    fmt::format("the payload becomes {} bytes: linewatch's own part "
                                "takes {}",
                                *packets.payload_bytes, limits::kPayloadBytesMin));
    }
  }
  if (const auto ttl = settings.number("ttl"); ttl && *ttl >= 1 && *ttl <= 255) {
    packets.ttl = static_cast<int>(*ttl);
  }
}

BlackboxModule read_module(const std::string& name, const Value& value, Report& report) {
  BlackboxModule module{
      .name = name, .at = value.location(), .is_usable = true, .configuration = {}, .timeout = {}};
  const std::string path = "module " + name;
  Settings settings(value, path, report.file(), report);
  const std::string prober = settings.text("prober");
  module.timeout = settings.duration("timeout");
  for (const char* const key : {"http", "tcp", "icmp", "dns", "grpc", "unix"}) settings.ignore(key);
  settings.finish();
  const Value* const found = value.find(prober);
  const Value block = found != nullptr && found->is_object() ? *found : Value::object();
  Settings own(block, path + " " + prober, report.file(), report);
  if (prober == "http") {
    read_http(own, module);
  } else if (prober == "tcp") {
    read_tcp(own, module);
  } else if (prober == "icmp") {
    read_icmp(own, module);
  } else {
    module.is_usable = false;
    settings.loss("prober", prober == "dns"
                                ? "linewatch has no tests of DNS queries yet"
                                : fmt::format("linewatch has no tests of kind {}", quoted(prober)));
    return module;
  }
  own.finish();
  return module;
}

}  // namespace

std::vector<BlackboxModule> read_blackbox_modules(const Value& modules, Report& report) {
  std::vector<BlackboxModule> read;
  for (const Value::Member& member : modules.as_object()) {
    read.push_back(read_module(member.key, member.value, report));
  }
  return read;
}

}  // namespace lw::migrate
