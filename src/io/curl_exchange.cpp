// SPDX-License-Identifier: Apache-2.0
#include "io/curl_exchange.h"

#include <fmt/core.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

#include "base/assert.h"
#include "io/socket_address.h"

namespace lw::io {
namespace {

void append(StringList& list, const std::string& line) {
  list.reset(curl_slist_append(list.release(), line.c_str()));
}

/// What may not stand on a request line is escaped; the rest is sent as it was written.
std::string safe_target(const std::string& path) {
  std::string target;
  for (const char c : path) {
    const auto byte = static_cast<unsigned char>(c);
    target += byte <= 0x20 || byte == 0x7f ? fmt::format("%{:02X}", byte) : std::string(1, c);
  }
  return target.starts_with('/') ? target : "/" + target;
}

bool is_safe_header(const std::string& line) {
  return std::ranges::none_of(line, [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

std::string url_of(const HttpExchangeRequest& request) {
  const auto address = parse_ip_address(request.host);
  const std::string host = address ? to_url_host(*address) : request.host;
  return fmt::format("{}://{}:{}/", request.use_tls ? "https" : "http", host, request.port);
}

// Callbacks of curl. Their `self` is the CurlExchange.

std::size_t on_body(char* data, std::size_t size, std::size_t count, void* self) {
  auto& exchange = *static_cast<CurlExchange*>(self);
  const std::size_t bytes = size * count;
  const std::size_t wanted = std::min(bytes, exchange.request.body_bytes_max - exchange.body_bytes);
  if (exchange.request.keeps_body) exchange.body.append(data, wanted);
  exchange.body_bytes += wanted;
  exchange.body_is_cut = wanted < bytes;
  // Anything but all of it ends the transfer, and with it the connection.
  return exchange.body_is_cut ? CURL_WRITEFUNC_ERROR : bytes;
}

int on_socket_made(void* self, curl_socket_t fd, curlsocktype) {
  auto& exchange = *static_cast<CurlExchange*>(self);
  const bool is_v6 = exchange.request.address->is_v6;
  exchange.fd = fd;
  enable_icmp_reports(fd, is_v6);
  exchange.fault = apply_options(exchange.request.socket, fd, is_v6);
  return exchange.fault ? CURL_SOCKOPT_ERROR : CURL_SOCKOPT_OK;
}

int on_socket_close(void* self, curl_socket_t fd) {
  auto& exchange = *static_cast<CurlExchange*>(self);
  if (!exchange.icmp) exchange.icmp = take_icmp_report(fd);
  if (exchange.request.notes_local_port) exchange.local_port = local_port_of(fd);
  // The exchange is over: RST instead of a port in TIME_WAIT for each check.
  const linger at_once{1, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  return ::close(fd);
}

CURLcode on_tls_context(CURL*, void* context, void* self) {
  auto& exchange = *static_cast<CurlExchange*>(self);
  auto* const tls = static_cast<SSL_CTX*>(context);
  exchange.inspector->install(tls);
  if (exchange.request.offer == HttpOffer::Http2) {
    // curl would offer HTTP/1.1 as well.
    static constexpr std::array<unsigned char, 3> kOnlyHttp2{2, 'h', '2'};
    SSL_CTX_set_alpn_protos(tls, kOnlyHttp2.data(), kOnlyHttp2.size());
  }
  return CURLE_OK;
}

/// Whether the connection that was just made needed a second SYN. With TLS the handshake may have
/// sent something again as well, so the time to connect must fit too.
bool needed_second_syn(CURL* easy, int fd) {
  constexpr curl_off_t kBeforeSecondSynUs = 900'000;
  curl_off_t resolved = 0, connected = 0;
  curl_easy_getinfo(easy, CURLINFO_NAMELOOKUP_TIME_T, &resolved);
  curl_easy_getinfo(easy, CURLINFO_CONNECT_TIME_T, &connected);
  if (connected - resolved < kBeforeSecondSynUs) return false;
  tcp_info info{};
  socklen_t size = sizeof info;
  if (::getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return false;
  return info.tcpi_total_retrans > 0;
}

int before_request(void* self, char*, char*, int, int) {
  auto& exchange = *static_cast<CurlExchange*>(self);
  exchange.syn_was_repeated = needed_second_syn(exchange.easy.get(), exchange.fd);
  if (exchange.inspector && !exchange.inspector->is_trusted()) return CURL_PREREQFUNC_ABORT;
  const bool may_send = !exchange.may_send || exchange.may_send();
  exchange.sending_began = SystemClock().now();
  return may_send ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
}

/// Of a request with a body curl 7.88 tells neither when its end left nor when the answer began,
/// but each part of them as it goes.
int on_part(CURL*, curl_infotype what, char*, std::size_t, void* self) {
  auto& exchange = *static_cast<CurlExchange*>(self);
  if (what == CURLINFO_DATA_OUT) exchange.body_last_sent = SystemClock().now();
  if (what == CURLINFO_HEADER_IN && !exchange.answer_began) {
    exchange.answer_began = SystemClock().now();
  }
  return 0;
}

template <class T>
void set(CURL* easy, CURLoption option, T value) {
  const CURLcode code = curl_easy_setopt(easy, option, value);
  LW_ASSERT(code == CURLE_OK || code == CURLE_OUT_OF_MEMORY);
}

void set_up_tls(CurlExchange& exchange) {
  CURL* const easy = exchange.easy.get();
  // Verified by the inspector, with roots that are loaded once and not for each connection.
  set(easy, CURLOPT_SSL_VERIFYPEER, 0L);
  set(easy, CURLOPT_SSL_VERIFYHOST, 0L);
  set(easy, CURLOPT_CAINFO, static_cast<char*>(nullptr));
  set(easy, CURLOPT_CAPATH, static_cast<char*>(nullptr));
  set(easy, CURLOPT_SSL_SESSIONID_CACHE, 0L);
  // What browsers take (RFC 8996); curl's default still tries 1.0 and fails with a riddle.
  set(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  set(easy, CURLOPT_SSL_CTX_FUNCTION, &on_tls_context);
  set(easy, CURLOPT_SSL_CTX_DATA, &exchange);
}

void set_up_method(CurlExchange& exchange) {
  CURL* const easy = exchange.easy.get();
  const HttpExchangeRequest& request = exchange.request;
  if (request.method == "HEAD") {
    set(easy, CURLOPT_NOBODY, 1L);
  } else if (request.method == "POST") {
    set(easy, CURLOPT_POST, 1L);
    set(easy, CURLOPT_POSTFIELDSIZE, static_cast<long>(request.body.size()));
    set(easy, CURLOPT_POSTFIELDS, request.body.c_str());
    if (request.body.empty()) return;
    // curl would wait a second for word that a body of more than 1 MB is welcome (RFC 9110
    // §10.1.1).
    append(exchange.headers, "Expect:");
    set(easy, CURLOPT_VERBOSE, 1L);
    set(easy, CURLOPT_DEBUGFUNCTION, &on_part);
    set(easy, CURLOPT_DEBUGDATA, &exchange);
  }
}

long version_option(const HttpExchangeRequest& request) {
  switch (request.offer) {
    case HttpOffer::Any:
      return CURL_HTTP_VERSION_2TLS;
    case HttpOffer::Http11:
      return CURL_HTTP_VERSION_1_1;
    case HttpOffer::Http2:
      return request.use_tls ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE;
  }
  return CURL_HTTP_VERSION_1_1;
}

void set_up_connection(CurlExchange& exchange) {
  CURL* const easy = exchange.easy.get();
  const IpAddress& to = *exchange.request.address;
  IpAddress without_scope = to;
  without_scope.scope = 0;
  append(exchange.connect_to,
         fmt::format("::{}:{}", to_url_host(without_scope), exchange.request.port));
  set(easy, CURLOPT_CONNECT_TO, exchange.connect_to.get());
  if (to.scope != 0) set(easy, CURLOPT_ADDRESS_SCOPE, static_cast<long>(to.scope));
  set(easy, CURLOPT_PROXY, "");
  set(easy, CURLOPT_NOPROXY, "*");
  set(easy, CURLOPT_FRESH_CONNECT, 1L);
  set(easy, CURLOPT_FORBID_REUSE, 1L);
  set(easy, CURLOPT_NOSIGNAL, 1L);
  set(easy, CURLOPT_SOCKOPTFUNCTION, &on_socket_made);
  set(easy, CURLOPT_SOCKOPTDATA, &exchange);
  set(easy, CURLOPT_CLOSESOCKETFUNCTION, &on_socket_close);
  set(easy, CURLOPT_CLOSESOCKETDATA, &exchange);
}

}  // namespace

void set_up(CurlExchange& exchange) {
  CURL* const easy = exchange.easy.get();
  const HttpExchangeRequest& request = exchange.request;
  set(easy, CURLOPT_PRIVATE, &exchange);
  set(easy, CURLOPT_ERRORBUFFER, exchange.error_text.data());
  set(easy, CURLOPT_URL, url_of(request).c_str());
  set(easy, CURLOPT_REQUEST_TARGET, safe_target(request.path).c_str());
  set(easy, CURLOPT_HTTP_VERSION, version_option(request));
  set(easy, CURLOPT_USERAGENT, "linewatch");
  const auto timeout = std::chrono::ceil<Milliseconds>(request.timeout);
  set(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(timeout.count()));
  set(easy, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(timeout.count()));
  for (const auto& [name, value] : request.headers) {
    // curl leaves out a header without a value unless it ends in a semicolon.
    const std::string line = value.empty() ? name + ";" : name + ": " + value;
    if (is_safe_header(line)) append(exchange.headers, line);
  }
  set(easy, CURLOPT_WRITEFUNCTION, &on_body);
  set(easy, CURLOPT_WRITEDATA, &exchange);
  set(easy, CURLOPT_PREREQFUNCTION, &before_request);
  set(easy, CURLOPT_PREREQDATA, &exchange);
  set_up_method(exchange);
  set(easy, CURLOPT_HTTPHEADER, exchange.headers.get());
  set_up_connection(exchange);
  if (request.use_tls) set_up_tls(exchange);
}

namespace {

long long_info(CURL* easy, CURLINFO info) {
  long value = 0;
  curl_easy_getinfo(easy, info, &value);
  return value;
}

/// Times that curl counts from the start of the exchange; 0 for what did not happen.
struct Marks {
  explicit Marks(CURL* easy)
      : lookup(read(easy, CURLINFO_NAMELOOKUP_TIME_T)),
        connect(read(easy, CURLINFO_CONNECT_TIME_T)),
        tls(read(easy, CURLINFO_APPCONNECT_TIME_T)),
        request(read(easy, CURLINFO_PRETRANSFER_TIME_T)),
        first_byte(read(easy, CURLINFO_STARTTRANSFER_TIME_T)),
        total(read(easy, CURLINFO_TOTAL_TIME_T)) {}

  static Microseconds read(CURL* easy, CURLINFO info) {
    curl_off_t value = 0;
    curl_easy_getinfo(easy, info, &value);
    return Microseconds(value);
  }
  /// When the request could be sent.
  [[nodiscard]] Microseconds ready() const { return std::max(connect, tls); }

  Microseconds lookup, connect, tls, request, first_byte, total;
};

/// curl's marks; where it has none of its own for a request with a body, ours.
Marks marks_of(const CurlExchange& exchange) {
  Marks marks(exchange.easy.get());
  if (!exchange.body_last_sent || !exchange.sending_began) return marks;
  const auto mark_of = [&](Instant at) {
    const auto since = std::chrono::floor<Microseconds>(at - *exchange.sending_began);
    return std::min(marks.ready() + since, marks.total);
  };
  marks.request = std::max(marks.request, mark_of(*exchange.body_last_sent));
  marks.first_byte = exchange.answer_began ? mark_of(*exchange.answer_began) : Microseconds(0);
  return marks;
}

void read_phases(const Marks& marks, HttpReport& report) {
  const Microseconds none{0};
  if (marks.connect > none) report.connect = marks.connect - marks.lookup;
  if (marks.tls > none) report.handshake = marks.tls - marks.connect;
  if (marks.request > none) {
    const bool has_begun = marks.first_byte > none;
    // A server may answer before it has the whole body.
    const Microseconds sent = has_begun ? std::min(marks.request, marks.first_byte) : marks.request;
    report.request = sent - marks.ready();
    if (has_begun) {
      report.first_byte = marks.first_byte - sent;
      report.transfer = marks.total - marks.first_byte;
    }
  }
  if (report.status == HttpExchangeStatus::Answered) {
    report.total = std::max(Microseconds(1), marks.total - marks.lookup);
  }
}

const char* waiting_for(const CurlExchange& exchange, const Marks& marks) {
  // curl has no connect time of a connection whose handshake did not end.
  if (exchange.inspector && exchange.inspector->has_begun() && !exchange.inspector->is_done()) {
    return "connected, but the TLS handshake did not end";
  }
  if (marks.connect == Microseconds(0)) return "no connection";
  return marks.first_byte == Microseconds(0) ? "connected, but no answer to the request"
                                             : "the answer began but did not end";
}

std::string text_or_code(const CurlExchange& exchange, CURLcode code) {
  return exchange.error_text[0] != '\0' ? exchange.error_text.data() : curl_easy_strerror(code);
}

HttpExchangeStatus status_of_broken_transfer(int error_number) {
  return error_number == ECONNRESET || error_number == EPIPE ? HttpExchangeStatus::Reset
                                                             : HttpExchangeStatus::Closed;
}

HttpExchangeStatus status_of(const CurlExchange& exchange, CURLcode code, int error_number) {
  const bool tls_is_open =
      exchange.request.use_tls &&
      (!exchange.inspector->is_trusted() || exchange.inspector->lacks_client_certificate());
  if (exchange.fault) return HttpExchangeStatus::LocalFault;
  switch (code) {
    case CURLE_OK:
      return HttpExchangeStatus::Answered;
    case CURLE_WRITE_ERROR:  // The body is longer than we want it: enough of an answer.
      return exchange.body_is_cut ? HttpExchangeStatus::Answered : HttpExchangeStatus::Failed;
    case CURLE_OPERATION_TIMEDOUT:
      return HttpExchangeStatus::TimedOut;
    case CURLE_COULDNT_CONNECT:
      // Made and broken off before curl looked: a refusal is another errno.
      return error_number == ECONNRESET ? HttpExchangeStatus::Reset
                                        : HttpExchangeStatus::ConnectFailed;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_ABORTED_BY_CALLBACK:
      return HttpExchangeStatus::TlsFailed;
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_HTTP2_STREAM:
      return tls_is_open ? HttpExchangeStatus::TlsFailed : status_of_broken_transfer(error_number);
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_UNSUPPORTED_PROTOCOL:  // HTTP/0.9, which is to say no HTTP at all.
    case CURLE_BAD_CONTENT_ENCODING:
    case CURLE_HTTP2:
      return HttpExchangeStatus::Malformed;
    default:
      return HttpExchangeStatus::Failed;
  }
}

bool is_unannounced_http2(const HttpExchangeRequest& request) {
  return request.offer == HttpOffer::Http2 && !request.use_tls;
}

std::string evidence_of(const CurlExchange& exchange, const HttpReport& report, CURLcode code,
                        const Marks& marks) {
  const std::string peer =
      fmt::format("{} port {}", to_string(*exchange.request.address), exchange.request.port);
  switch (report.status) {
    case HttpExchangeStatus::Answered:
      return {};
    case HttpExchangeStatus::TimedOut:
      return waiting_for(exchange, marks);
    case HttpExchangeStatus::ConnectFailed:
      return exchange.icmp || report.error_number == ECONNREFUSED
                 ? fmt::format("RST from {}", peer)
                 : fmt::format("cannot connect to {} ({})", peer,
                               std::generic_category().message(report.error_number));
    case HttpExchangeStatus::Reset:
      return fmt::format("{} reset the connection", peer);
    case HttpExchangeStatus::Closed:
      // What old servers do with the preface of HTTP/2, and curl does not tell more.
      return fmt::format(
          "{} closed the connection before the answer was complete{}", peer,
          is_unannounced_http2(exchange.request) ? "; it may not speak HTTP/2 without TLS" : "");
    case HttpExchangeStatus::Malformed:
      return fmt::format("{} does not answer with HTTP: {}", peer, text_or_code(exchange, code));
    case HttpExchangeStatus::LocalFault:
      return exchange.fault->evidence;
    case HttpExchangeStatus::TlsFailed:
    case HttpExchangeStatus::TooManyRedirects:
    case HttpExchangeStatus::NameFailed:
    case HttpExchangeStatus::Failed:
      return text_or_code(exchange, code);
  }
  return {};
}

std::string version_of(CURL* easy) {
  switch (long_info(easy, CURLINFO_HTTP_VERSION)) {
    case CURL_HTTP_VERSION_1_0:
      return "HTTP/1.0";
    case CURL_HTTP_VERSION_1_1:
      return "HTTP/1.1";
    case CURL_HTTP_VERSION_2_0:
      return "HTTP/2";
    default:
      return {};
  }
}

std::string location_of(CURL* easy) {
  curl_header* header = nullptr;
  const CURLHcode code = curl_easy_header(easy, "Location", 0, CURLH_HEADER, -1, &header);
  return code == CURLHE_OK ? header->value : std::string();
}

void read_answer(CurlExchange& exchange, HttpReport& report) {
  CURL* const easy = exchange.easy.get();
  report.http_status = static_cast<int>(long_info(easy, CURLINFO_RESPONSE_CODE));
  report.body_bytes = exchange.body_bytes;
  report.body_is_cut = exchange.body_is_cut;
  report.body = std::move(exchange.body);
  if (report.http_status == 0) return;
  report.version = version_of(easy);
  report.location = location_of(easy);
}

}  // namespace

HttpReport report_of(CurlExchange& exchange, CURLcode code) {
  const Marks marks = marks_of(exchange);
  HttpReport report;
  report.error_number = exchange.fault
                            ? exchange.fault->error_number
                            : static_cast<int>(long_info(exchange.easy.get(), CURLINFO_OS_ERRNO));
  report.status = status_of(exchange, code, report.error_number);
  report.icmp = exchange.icmp;
  const bool was_reset = report.error_number == ECONNRESET || report.error_number == ECONNREFUSED;
  if (was_reset && !report.icmp && report.status != HttpExchangeStatus::Answered) {
    report.reset = TcpEnds{*exchange.request.address, exchange.request.port, exchange.local_port};
  }
  report.evidence = evidence_of(exchange, report, code, marks);
  read_answer(exchange, report);
  // A handshake that broke off has no certificate, but its alert says why.
  const bool broke_off = report.status == HttpExchangeStatus::TlsFailed;
  if (exchange.inspector && (broke_off || exchange.inspector->is_done())) {
    report.tls = exchange.inspector->report(report.error_number == ECONNRESET
                                                ? "the server reset the connection"
                                                : text_or_code(exchange, code));
  }
  read_phases(marks, report);
  report.syn_was_repeated = exchange.syn_was_repeated;
  return report;
}

}  // namespace lw::io
