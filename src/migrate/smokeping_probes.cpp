// SPDX-License-Identifier: Apache-2.0
// How SmokePing's probes are said as test configurations.
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/ip_address.h"
#include "base/text.h"
#include "migrate/settings.h"
#include "migrate/smokeping_parts.h"
#include "model/limits.h"

namespace lw::migrate {
namespace {

/// What SmokePing's own example of Database says; a Targets file alone does not tell.
constexpr double kStep = 300;
constexpr double kPings = 20;

/// Probes that talk a protocol of which a connection is what linewatch tests.
struct Service {
  std::string_view kind;
  std::uint16_t port;
};
constexpr std::array<Service, 6> kServices{{{"SSH", 22},
                                            {"AnotherSSH", 22},
                                            {"EchoPingSmtp", 25},
                                            {"LDAP", 389},
                                            {"EchoPingLDAP", 389},
                                            {"TacacsPlus", 49}}};

class ProbeReader {
 public:
  ProbeReader(const SmokePingSettings& settings, std::size_t section, std::string probe,
              std::string path, const SmokePingSetting& host, Report& report)
      : settings_(settings),
        section_(section),
        probe_(std::move(probe)),
        kind_(settings.kind_of(probe_)),
        path_(std::move(path)),
        host_(host),
        report_(report) {}

  std::optional<SmokePingTest> read() {
    test_.address = host_.value;
    if (!read_kind()) return std::nullopt;
    read_timing();
    return std::move(test_);
  }

 private:
  [[nodiscard]] const SmokePingSetting* find(std::string_view key) const {
    return settings_.of_probe(section_, probe_, key);
  }

  [[nodiscard]] std::optional<double> number(std::string_view key) const {
    const SmokePingSetting* const setting = find(key);
    return setting == nullptr ? std::nullopt : number_of(Value(setting->value));
  }

  [[nodiscard]] std::string text(std::string_view key) const {
    const SmokePingSetting* const setting = find(key);
    return setting == nullptr ? std::string() : setting->value;
  }

  void lose(std::string_view key, std::string_view why) {
    const SmokePingSetting* const setting = find(key);
    if (setting == nullptr) return;
    report_.loss({setting->line, 1}, path_, fmt::format("{}: {}", key, why));
  }

  bool read_kind() {
    if (kind_.starts_with("FPing")) return read_ping();
    if (kind_ == "TCPPing") return read_tcp(80);
    if (kind_ == "Curl" || kind_ == "AnotherCurl") return read_curl();
    if (kind_ == "EchoPingHttp" || kind_ == "EchoPingHttps") return read_echo_ping();
    for (const Service& service : kServices) {
      if (service.kind != kind_) continue;
      report_.loss(
          {host_.line, 1}, path_,
          fmt::format("of probe {} only the connection is tested, not the service itself", kind_));
      return read_tcp(service.port);
    }
    const bool is_dns = kind_.find("DNS") != std::string::npos;
    report_.loss(
        {host_.line, 1}, path_,
        is_dns ? fmt::format("probe {}: linewatch has no tests of DNS queries yet", quoted(kind_))
               : fmt::format("probe {} has no counterpart", quoted(kind_)));
    return false;
  }

  bool read_ping() {
    TestConfiguration& configuration = test_.configuration;
    const std::string protocol = text("protocol");
    if (kind_ == "FPing6" || protocol == "6") configuration.preferred_ip_version = IpVersion::V6;
    if (protocol == "4") configuration.preferred_ip_version = IpVersion::V4;
    if (const auto size = number("packetsize"); size && *size > 0) {
      configuration.packets.payload_bytes = static_cast<int>(
          std::clamp<double>(*size, limits::kPayloadBytesMin, limits::kPayloadBytesMax));
    }
    read_type_of_service();
    read_source();
    return true;
  }

  /// `tos` is the whole byte; the code point is its upper six bits (RFC 2474).
  void read_type_of_service() {
    const std::string value = text("tos");
    if (value.empty()) return;
    const bool is_hex = value.starts_with("0x");
    const auto bytes = is_hex && value.size() == 4 ? bytes_of_hex(value.substr(2)) : std::nullopt;
    const auto decimal = number_of(Value(value));
    if (bytes) {
      test_.configuration.packets.dscp = static_cast<unsigned char>(bytes->front()) >> 2;
    } else if (decimal && *decimal >= 0 && *decimal <= 255) {
      test_.configuration.packets.dscp = static_cast<int>(*decimal) >> 2;
    } else {
      lose("tos", "it is no number from 0 to 255");
    }
  }

  void read_source() {
    PacketOptions& packets = test_.configuration.packets;
    const std::string address = text("sourceaddress");
    const std::string interface = text("interface");
    if (parse_ip_address(address)) {
      packets.source_address = address;
    } else if (!address.empty()) {
      lose("sourceaddress", "it is no IP address");
    }
    // curl takes either by one name.
    if (parse_ip_address(interface)) {
      packets.source_address = interface;
    } else if (interface.size() <= 15) {
      packets.source_interface = interface;
    } else {
      lose("interface", "it is neither an address nor the name of an interface");
    }
  }

  bool read_tcp(std::uint16_t usual) {
    const double port = number("port").value_or(usual);
    if (port < 1 || port > 65'535) {
      lose("port", "it is no port");
      return false;
    }
    test_.configuration.protocol = TcpConfiguration{.port = static_cast<std::uint16_t>(port)};
    return true;
  }

  bool read_url(const std::string& url, HttpConfiguration http) {
    auto target = parse_target(url);
    if (target && target->scheme.empty()) target->scheme = "http";
    const auto wanted = target ? with_target(std::move(http), *target) : std::nullopt;
    if (!wanted) {
      report_.loss(
          {host_.line, 1}, path_,
          target ? fmt::format("{} is not to be said: its scheme and port contradict", quoted(url))
                 : target.error().message);
      return false;
    }
    test_.address = target->host;
    test_.configuration.protocol = *wanted;
    return true;
  }

  bool read_curl() {
    std::string url = text("urlformat");
    if (url.empty()) url = "http://%host%/";
    const bool is_v6 = host_.value.find(':') != std::string::npos;
    const std::string host =
        is_v6 && !host_.value.starts_with('[') ? "[" + host_.value + "]" : host_.value;
    for (auto at = url.find("%host%"); at != std::string::npos;
         at = url.find("%host%", at + host.size())) {
      url.replace(at, 6, host);
    }
    HttpConfiguration http;
    read_agent(http);
    if (text("follow_redirects") == "yes") http.redirects_max = limits::kRedirectsMax;
    lose("extraargs", "options of curl are not carried over");
    lose("expect", "set linewatch.bodyMatches to an expression that the body must contain");
    if (text("insecure_ssl") == "yes") lose("insecure_ssl", "certificates are always checked");
    read_source();
    return read_url(url, std::move(http));
  }

  /// The setting is a whole header, "User-Agent: name".
  void read_agent(HttpConfiguration& http) {
    const std::string agent = text("agent");
    if (agent.empty()) return;
    const auto colon = agent.find(':');
    const bool is_header =
        colon != std::string::npos && equals_ignoring_case(agent.substr(0, colon), "User-Agent");
    const std::string value(trim(is_header ? agent.substr(colon + 1) : agent));
    if (is_printable(value)) http.request_headers.push_back({"User-Agent", value});
  }

  bool read_echo_ping() {
    const bool is_https = kind_ == "EchoPingHttps";
    std::string path = text("url");
    if (!path.starts_with('/')) path.insert(0, "/");
    const std::string port = text("port");
    return read_url(fmt::format("{}://{}{}{}", is_https ? "https" : "http", host_.value,
                                port.empty() ? "" : ":" + port, path),
                    {});
  }

  /// The nearest of target, probe and Database.
  [[nodiscard]] double timing(std::string_view key, double usual) const {
    if (const auto own = number(key)) return *own;
    const SmokePingSetting* const general = settings_.of_database(key);
    const auto value = general == nullptr ? std::nullopt : number_of(Value(general->value));
    return value.value_or(usual);
  }

  void read_timing() {
    TestConfiguration& configuration = test_.configuration;
    const double step = timing("step", kStep);
    const double longest = static_cast<double>(limits::kFrequencyMax.count());
    configuration.frequency = Seconds(std::lround(std::clamp(step, 1.0, longest)));
    const double pings = timing("pings", kPings);
    configuration.checks_per_round =
        static_cast<int>(std::clamp<double>(pings, 1, limits::kChecksPerRoundMax));
    const bool is_kept = step >= 1 && step <= longest && *configuration.checks_per_round == pings;
    if (!is_kept) {
      report_.loss(
          {host_.line, 1}, path_,
          fmt::format("a step of {} s with {} pings becomes {} s with {} checks", step, pings,
                      configuration.frequency.count(), *configuration.checks_per_round));
    }
    const auto timeout = number("timeout");
    if (timeout && *timeout > 0 && *timeout < longest) {
      const Milliseconds wanted(std::lround(*timeout * 1'000));
      configuration.check_timeout =
          std::clamp(wanted, limits::kCheckTimeoutMin,
                     std::min(limits::kCheckTimeoutMax, configuration.check_timeout_max()));
    }
  }

  const SmokePingSettings& settings_;
  std::size_t section_;
  std::string probe_, kind_, path_;
  const SmokePingSetting& host_;
  Report& report_;
  SmokePingTest test_;
};

}  // namespace

std::optional<SmokePingTest> read_smokeping_test(const SmokePingSettings& settings,
                                                 std::size_t section, const std::string& path,
                                                 const SmokePingSetting& host, Report& report) {
  const SmokePingSetting* const probe = settings.in_force(section, "probe");
  if (probe == nullptr) {
    report.loss({host.line, 1}, path, "neither it nor a section above it names a probe");
    return std::nullopt;
  }
  return ProbeReader(settings, section, probe->value, path, host, report).read();
}

}  // namespace lw::migrate
