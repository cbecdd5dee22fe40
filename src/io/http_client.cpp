// SPDX-License-Identifier: Apache-2.0
#include "io/http_client.h"

#include <curl/curl.h>
#include <fmt/core.h>

#include <algorithm>
#include <cstdint>
#include <optional>

#include "base/text.h"

namespace lw::io {
namespace {

struct HandleCloser {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
struct ListCloser {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using HeaderList = std::unique_ptr<curl_slist, ListCloser>;

/// Where the callbacks put what comes in.
struct Reception {
  HttpClientResponse response;
  std::size_t bytes_max = 0;
  bool too_large = false;
  const HttpSink* sink = nullptr;  ///< if there is one
  bool is_ok = false;              ///< the status is 200
};

std::size_t on_body(char* data, std::size_t size, std::size_t count, void* context) {
  auto& reception = *static_cast<Reception*>(context);
  const std::size_t bytes = size * count;
  if (reception.sink != nullptr && reception.is_ok) {
    return (*reception.sink)({data, bytes}) ? bytes : CURL_WRITEFUNC_ERROR;
  }
  if (bytes > reception.bytes_max - reception.response.body.size()) {
    reception.too_large = true;
    return CURL_WRITEFUNC_ERROR;
  }
  reception.response.body.append(data, bytes);
  return bytes;
}

std::size_t on_header(char* data, std::size_t size, std::size_t count, void* context) {
  auto& reception = *static_cast<Reception*>(context);
  auto& headers = reception.response.headers;
  const std::string_view line(data, size * count);
  // A status line starts the headers anew: those of "100 Continue" are not the answer's.
  if (line.starts_with("HTTP/")) {
    headers.clear();
    reception.is_ok = line.find(" 200") == line.find(' ');
  }
  if (const auto colon = line.find(':'); colon != std::string_view::npos) {
    headers.emplace_back(line.substr(0, colon), trim(line.substr(colon + 1)));
  }
  return size * count;
}

/// libcurl's global state: made once, before any handle, and never torn down.
bool curl_is_ready() {
  static const bool kReady = curl_global_init(CURL_GLOBAL_ALL) == CURLE_OK;
  return kReady;
}

struct Target {
  std::string host;  ///< without the brackets of an IPv6 address
  std::string peer;  ///< "host:port" for messages
};

std::string url_part(CURLU* url, CURLUPart part, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, flags) != CURLUE_OK) return {};
  std::string copy(text);
  curl_free(text);
  return copy;
}

Result<Target> parse_target(const std::string& url) {
  const std::unique_ptr<CURLU, void (*)(CURLU*)> parsed(curl_url(), curl_url_cleanup);
  if (curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK) {
    return fail(ErrorCode::InvalidInput,
                fmt::format("\"{}\" is no URL; write http://HOST:PORT/PATH or https://…", url));
  }
  const std::string scheme = url_part(parsed.get(), CURLUPART_SCHEME);
  if (scheme != "http" && scheme != "https") {
    return fail(ErrorCode::InvalidInput,
                fmt::format("\"{}\": only http and https are supported", url));
  }
  const std::string host = url_part(parsed.get(), CURLUPART_HOST);
  const std::string port = url_part(parsed.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT);
  return Target{host, host + ":" + port};
}

/// What went wrong with the certificate, in words; libcurl's own for the rest.
std::string certificate_problem(CURL* handle, const std::string& host, std::string_view detail) {
  // X509_V_ERR_… of OpenSSL; pki.cpp owns its headers, three numbers do here.
  constexpr long kNotYetValid = 9;
  constexpr long kExpired = 10;
  constexpr long kHostMismatch = 62;
  long verdict = 0;
  curl_easy_getinfo(handle, CURLINFO_SSL_VERIFYRESULT, &verdict);
  if (verdict == kExpired) return "its certificate has expired; renew it, or check the clocks";
  if (verdict == kNotYetValid) return "its certificate is not valid yet; check the clocks";
  const bool wrong_name =
      verdict == kHostMismatch ||
      detail.find("no alternative certificate subject") != std::string_view::npos ||
      detail.find("does not match target") != std::string_view::npos;
  if (wrong_name) {
    return fmt::format(
        "its certificate is not for the name \"{}\"; use a name that is in the certificate, or "
        "issue one for this name",
        host);
  }
  return fmt::format("its certificate is not trusted ({}); give the right CA", detail);
}

Error explain(CURL* handle, CURLcode code, const Target& target, const HttpClientRequest& request,
              const Reception& reception, std::string detail) {
  if (detail.empty()) detail = curl_easy_strerror(code);
  const auto unavailable = [&](std::string what) {
    return Error{ErrorCode::Unavailable, fmt::format("{}: {}", target.peer, what)};
  };
  if (reception.too_large) {
    return {ErrorCode::LimitExceeded,
            fmt::format("{}: the answer has more than {} bytes; ask for less at once", target.peer,
                        request.response_bytes_max)};
  }
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
      return unavailable("the name cannot be resolved; check its spelling and the DNS");
    case CURLE_COULDNT_CONNECT:
      return unavailable(fmt::format(
          "cannot connect ({}); check that it runs and that the port is right", detail));
    case CURLE_OPERATION_TIMEDOUT:
      return unavailable(fmt::format(
          "no answer in time ({}); it is overloaded or not reachable, try again later", detail));
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_ISSUER_ERROR:
      return unavailable(certificate_problem(handle, target.host, detail));
    case CURLE_SSL_CACERT_BADFILE:
      return {ErrorCode::InvalidInput,
              fmt::format("{}: the CA given for it is no PEM certificate", target.peer)};
    case CURLE_SSL_CONNECT_ERROR:
      return unavailable(
          fmt::format("the TLS handshake failed ({}); check that the port speaks TLS", detail));
    case CURLE_ABORTED_BY_CALLBACK:
      return unavailable("given up while waiting for the answer");
    case CURLE_GOT_NOTHING:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_PARTIAL_FILE:
      return unavailable(fmt::format("the connection broke ({}); try again", detail));
    default:
      return unavailable(detail);
  }
}

Result<HeaderList> make_headers(const HttpClientRequest& request) {
  // Without this a large body waits a second for a "100 Continue" that our servers do not send.
  HeaderList list(curl_slist_append(nullptr, "Expect:"));
  const auto add = [&](const std::string& line) {
    list.reset(curl_slist_append(list.release(), line.c_str()));
  };
  bool has_content_type = false;
  for (const auto& [name, value] : request.headers) {
    if ((name + value).find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos) {
      return fail(ErrorCode::InvalidInput,
                  fmt::format("header \"{}\" has a line break in it", name));
    }
    if (equals_ignoring_case(name, "Content-Type")) has_content_type = true;
    // "name;" is libcurl's way to write an empty value.
    add(value.empty() ? name + ";" : name + ": " + value);
  }
  if (!has_content_type) add("Content-Type:");
  return list;
}

template <class... Arguments>
void set(CURL* handle, CURLoption option, Arguments... arguments) {
  // Fails only for options that this libcurl does not know, and all of ours are old.
  (void)curl_easy_setopt(handle, option, arguments...);
}

void set_transfer(CURL* handle, const HttpClientRequest& request, const HeaderList& headers,
                  Reception& reception) {
  set(handle, CURLOPT_URL, request.url.c_str());
  set(handle, CURLOPT_HTTPHEADER, headers.get());
  set(handle, CURLOPT_NOSIGNAL, 1L);
  set(handle, CURLOPT_NOPROXY, "*");
  set(handle, CURLOPT_PROTOCOLS_STR, "http,https");
  set(handle, CURLOPT_HTTP_VERSION, long{CURL_HTTP_VERSION_1_1});
  set(handle, CURLOPT_TCP_KEEPALIVE, 1L);
  set(handle, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(request.connect_timeout.count()));
  set(handle, CURLOPT_TIMEOUT_MS, static_cast<long>(request.timeout.count()));
  set(handle, CURLOPT_WRITEFUNCTION, &on_body);
  set(handle, CURLOPT_WRITEDATA, static_cast<void*>(&reception));
  set(handle, CURLOPT_HEADERFUNCTION, &on_header);
  set(handle, CURLOPT_HEADERDATA, static_cast<void*>(&reception));
}

int on_progress(void* give_up, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return (*static_cast<const std::function<bool()>*>(give_up))() ? 1 : 0;
}

void set_give_up(CURL* handle, const HttpClientRequest& request) {
  if (!request.give_up) return;
  set(handle, CURLOPT_NOPROGRESS, 0L);
  set(handle, CURLOPT_XFERINFOFUNCTION, &on_progress);
  // libcurl wants no const here, but only hands it on.
  set(handle, CURLOPT_XFERINFODATA, const_cast<void*>(static_cast<const void*>(&request.give_up)));
}

void set_method(CURL* handle, const HttpClientRequest& request) {
  const bool has_body = !request.body.empty() || request.method == "POST" ||
                        request.method == "PUT" || request.method == "PATCH";
  if (has_body) {
    set(handle, CURLOPT_POST, 1L);
    set(handle, CURLOPT_POSTFIELDS, request.body.data());
    set(handle, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
  } else if (request.method == "HEAD") {
    set(handle, CURLOPT_NOBODY, 1L);
  }
  set(handle, CURLOPT_CUSTOMREQUEST, request.method.c_str());
}

void set_trust(CURL* handle, const HttpClientRequest& request) {
  set(handle, CURLOPT_SSLVERSION, long{CURL_SSLVERSION_TLSv1_2});
  if (request.ca_pem.empty()) return;
  curl_blob blob{};
  // libcurl wants no const here, but only copies.
  blob.data = const_cast<char*>(request.ca_pem.data());
  blob.len = request.ca_pem.size();
  blob.flags = CURL_BLOB_COPY;
  set(handle, CURLOPT_CAINFO_BLOB, &blob);
  // Ours and nobody else's: the system's folder of roots must not vouch as well.
  set(handle, CURLOPT_CAPATH, static_cast<char*>(nullptr));
}

}  // namespace

struct HttpClient::Impl {
  std::unique_ptr<CURL, HandleCloser> handle;
};

HttpClient::HttpClient() : impl_(std::make_unique<Impl>()) {
  if (curl_is_ready()) impl_->handle.reset(curl_easy_init());
}
HttpClient::~HttpClient() = default;
HttpClient::HttpClient(HttpClient&&) noexcept = default;
HttpClient& HttpClient::operator=(HttpClient&&) noexcept = default;

Result<HttpClientResponse> HttpClient::request(const HttpClientRequest& request) {
  CURL* const handle = impl_->handle.get();
  if (handle == nullptr) return fail(ErrorCode::Internal, "libcurl does not start");
  const Target target = TRY(parse_target(request.url));
  const HeaderList headers = TRY(make_headers(request));
  Reception reception;
  reception.bytes_max = request.response_bytes_max;
  if (request.sink) reception.sink = &request.sink;
  char detail[CURL_ERROR_SIZE] = {};

  // Resets the options, keeps the open connections and the TLS sessions.
  curl_easy_reset(handle);
  set_transfer(handle, request, headers, reception);
  set_method(handle, request);
  set_trust(handle, request);
  set_give_up(handle, request);
  set(handle, CURLOPT_ERRORBUFFER, &detail[0]);
  const CURLcode code = curl_easy_perform(handle);
  set(handle, CURLOPT_ERRORBUFFER, static_cast<char*>(nullptr));
  if (code != CURLE_OK) {
    return std::unexpected(explain(handle, code, target, request, reception, detail));
  }
  long status = 0;
  curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
  reception.response.status = static_cast<int>(status);
  return std::move(reception.response);
}

std::string HttpClientResponse::header(std::string_view name) const {
  const auto found = std::ranges::find_if(
      headers, [&](const auto& header) { return equals_ignoring_case(header.first, name); });
  return found == headers.end() ? std::string() : found->second;
}

}  // namespace lw::io
