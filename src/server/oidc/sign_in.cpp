// SPDX-License-Identifier: Apache-2.0
#include "server/oidc/sign_in.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "base/base64.h"
#include "base/log.h"
#include "base/random.h"
#include "base/text.h"
#include "io/pki.h"

namespace lw::server::oidc {
namespace {

constexpr std::size_t kSecretBytes = 32;
constexpr std::size_t kTargetBytesMax = 2'000;
/// The path that the cookie of an attempt goes to, and no other.
constexpr const char* kPath = "/api/v1/oidc";

// Words of the sign-in page (web/src/app/SignIn.tsx).
constexpr const char* kDenied = "denied";            ///< by the provider, or by whoever sat there
constexpr const char* kProvider = "provider";        ///< it answered, but not as it should
constexpr const char* kUnreachable = "unreachable";  ///< it did not answer
constexpr const char* kExpired = "expired";          ///< nobody here has begun this
constexpr const char* kNotAllowed = "not-allowed";   ///< no rule fits
constexpr const char* kFailed = "failed";            ///< here, and nobody else's fault

io::HttpResponse redirect(const std::string& to) {
  return {.status = 302,
          .headers = {{"Location", to},
                      {"Cache-Control", "no-store"},
                      // The code and the state in our own address are nobody's business.
                      {"Referrer-Policy", "no-referrer"}},
          .body = ""};
}

/// One cookie for each attempt, so that two tabs do not disturb each other.
std::string cookie_name(const std::string& state) {
  constexpr std::size_t kDigits = 16;
  return "linewatch_oidc_" + hex_of(io::sha256(state)).substr(0, kDigits);
}

/// Lax: the browser comes back from another site.
std::string cookie_header(const std::string& name, const std::string& value, Seconds life) {
  return fmt::format("{}={}; Max-Age={}; HttpOnly; Secure; SameSite=Lax; Path={}", name, value,
                     life.count(), kPath);
}

std::string cookie_of(const io::HttpRequest& request, const std::string& name) {
  for (const std::string& pair : split(request.header("Cookie"), ';')) {
    const std::string_view item = trim(pair);
    if (item.starts_with(name + "=")) return std::string(item.substr(name.size() + 1));
  }
  return {};
}

/// A path of ours, or "/": nobody is to be led elsewhere by a link to our sign-in.
std::string safe_target(const std::string& target) {
  // Two slashes could be taken for the start of a host, even behind dots ("/.//evil.example").
  const std::string path = target.substr(0, target.find_first_of("?#"));
  const bool is_path = path.starts_with('/') && path.find("//") == std::string::npos &&
                       target.size() <= kTargetBytesMax && !path.starts_with("/api/");
  const bool is_plain =
      std::ranges::all_of(target, [](char c) { return c > ' ' && c < '\x7f' && c != '\\'; });
  return is_path && is_plain ? target : "/";
}

std::string with_query(const std::string& url,
                       const std::vector<std::pair<std::string, std::string>>& fields) {
  std::string whole = url;
  char separator = url.find('?') == std::string::npos ? '?' : '&';
  for (const auto& [name, value] : fields) {
    whole += separator + name + '=' + io::percent_encode(value);
    separator = '&';
  }
  return whole;
}

const char* word_for(const Error& error) {
  switch (error.code) {
    case ErrorCode::Unavailable:
      return kUnreachable;
    case ErrorCode::InvalidInput:
    case ErrorCode::Unauthenticated:
      return kProvider;
    default:
      return kFailed;
  }
}

}  // namespace

SignIn::SignIn(Settings settings, std::shared_ptr<const Roles> roles, Sessions& sessions,
               Control& control, const Clock& clock)
    : settings_(std::move(settings)),
      roles_(std::move(roles)),
      sessions_(sessions),
      control_(control),
      clock_(clock),
      provider_(settings_, clock, [this] { return stopping_.is_raised(); }) {}

Result<std::unique_ptr<SignIn>> SignIn::start(Settings settings, Sessions& sessions,
                                              Control& control, const Clock& clock) {
  auto roles = std::make_shared<const Roles>(TRY(Roles::make(settings, control.subscription_id())));
  std::unique_ptr<SignIn> sign_in(
      new SignIn(std::move(settings), std::move(roles), sessions, control, clock));
  sign_in->thread_ = Thread("oidc", [raw = sign_in.get()] {
    while (const auto work = raw->work_.pop()) (*work)();
  });
  return sign_in;
}

SignIn::~SignIn() { stop(); }

void SignIn::stop() {
  stopping_.raise();
  work_.close();
  thread_.join();
}

void SignIn::post(const io::HttpResponder& responder, Work work) {
  if (!work_.push(std::move(work))) {
    responder.send(redirect(std::string("/?signIn=") + kUnreachable));
  }
}

void SignIn::begin(io::HttpRequest request, const io::HttpResponder& responder) {
  post(responder,
       [this, request = std::move(request), responder] { send_to_provider(request, responder); });
}

void SignIn::finish(io::HttpRequest request, const io::HttpResponder& responder) {
  post(responder,
       [this, request = std::move(request), responder] { take_answer(request, responder); });
}

std::string SignIn::sign_out_url() const {
  if (!settings_.signs_out_of_provider) return {};
  const std::string url = end_session_.with([](const auto& text) { return text; });
  if (url.empty()) return {};
  return with_query(url, {{"client_id", settings_.client_id},
                          {"post_logout_redirect_uri", settings_.public_url + "/"}});
}

void SignIn::send_to_provider(const io::HttpRequest& request, const io::HttpResponder& responder) {
  const auto endpoints = provider_.endpoints();
  if (!endpoints) {
    return refuse(request, responder, word_for(endpoints.error()), endpoints.error().message);
  }
  end_session_.with([&](std::string& url) { url = endpoints->end_session; });
  const std::string state = to_base64url(random_bytes(kSecretBytes));
  const std::string browser = to_base64url(random_bytes(kSecretBytes));
  Attempt attempt{.browser_sha256 = io::sha256(browser),
                  .nonce = to_base64url(random_bytes(kSecretBytes)),
                  .verifier = to_base64url(random_bytes(kSecretBytes)),
                  .target = safe_target(request.parameter("to")),
                  .address = request.remote_address,
                  .begun = clock_.now()};
  io::HttpResponse response = redirect(with_query(
      endpoints->authorization, {{"response_type", "code"},
                                 {"client_id", settings_.client_id},
                                 {"redirect_uri", settings_.redirect_uri()},
                                 {"scope", join(settings_.scopes, " ")},
                                 {"state", state},
                                 {"nonce", attempt.nonce},
                                 {"code_challenge", to_base64url(io::sha256(attempt.verifier))},
                                 {"code_challenge_method", "S256"}}));
  response.headers.emplace_back("Set-Cookie",
                                cookie_header(cookie_name(state), browser, Attempts::kLife));
  attempts_.add(state, std::move(attempt));
  responder.send(std::move(response));
}

Result<Attempt> SignIn::attempt_of(const io::HttpRequest& request) {
  const std::string state = request.parameter("state");
  auto attempt = attempts_.take(state, clock_.now());
  if (!attempt) {
    return fail(ErrorCode::NotFound, "no sign-in with that state was begun in the last minutes");
  }
  if (io::sha256(cookie_of(request, cookie_name(state))) != attempt->browser_sha256) {
    return fail(ErrorCode::NotFound,
                "another browser has begun this sign-in, or it keeps no cookies");
  }
  return std::move(*attempt);
}

Result<std::string> SignIn::code_of(const io::HttpRequest& request,
                                    const Endpoints& endpoints) const {
  // RFC 9207 §2.4: an answer of another provider must not be taken for this one's.
  const bool has_issuer = request.has_parameter("iss");
  if ((has_issuer && request.parameter("iss") != settings_.issuer) ||
      (!has_issuer && endpoints.names_issuer)) {
    return fail(ErrorCode::Unauthenticated, "the answer is not this provider's");
  }
  const std::string error = request.parameter("error");
  if (!error.empty()) {
    const bool is_denied = error == "access_denied";
    return fail(is_denied ? ErrorCode::PermissionDenied : ErrorCode::Unauthenticated,
                fmt::format("the provider says {}: {}", printable(error, 100),
                            printable(request.parameter("error_description"), 300)));
  }
  std::string code = request.parameter("code");
  if (code.empty()) return fail(ErrorCode::Unauthenticated, "the provider gave no code");
  return code;
}

void SignIn::take_answer(const io::HttpRequest& request, const io::HttpResponder& responder) {
  const auto attempt = attempt_of(request);
  if (!attempt) return refuse(request, responder, kExpired, attempt.error().message);
  const auto endpoints = provider_.endpoints();
  if (!endpoints) {
    return refuse(request, responder, word_for(endpoints.error()), endpoints.error().message);
  }
  const auto code = code_of(request, *endpoints);
  if (!code) {
    const bool is_denied = code.error().code == ErrorCode::PermissionDenied;
    return refuse(request, responder, is_denied ? kDenied : kProvider, code.error().message);
  }
  const auto claims =
      provider_.claims_for({.code = *code, .verifier = attempt->verifier, .nonce = attempt->nonce});
  if (!claims) return refuse(request, responder, word_for(claims.error()), claims.error().message);
  admit(request, responder, *attempt, *claims);
}

void SignIn::admit(const io::HttpRequest& request, const io::HttpResponder& responder,
                   const Attempt& attempt, const Value& claims) {
  const Identity identity = roles_->identity_of(claims);
  const auto caller = roles_->caller_of(identity);
  const std::string who = fmt::format("{} ({})", identity.name, printable(identity.subject, 200));
  if (!caller) return refuse(request, responder, kNotAllowed, "no rule fits " + who, identity.name);
  // Sessions are written on the control thread.
  control_.post(
      [this, request, responder, identity, target = attempt.target, name = caller->name, who] {
        const Timestamp now = clock_.wall_now();
        const auto cookie = sessions_.open(identity, now + settings_.session_life, now);
        if (!cookie) return refuse(request, responder, kFailed, cookie.error().message);
        control_.audit({.at = {},
                        .caller = name,
                        .address = request.remote_address,
                        .method = request.method,
                        .target = request.path,
                        .status = 200,
                        .detail = "signed in with " + settings_.name + " as " + who});
        io::HttpResponse response = redirect(target);
        response.headers.emplace_back("Set-Cookie",
                                      session_cookie_header(*cookie, settings_.session_life));
        response.headers.emplace_back(
            "Set-Cookie", cookie_header(cookie_name(request.parameter("state")), "", Seconds(0)));
        responder.send(std::move(response));
      });
}

void SignIn::refuse(const io::HttpRequest& request, const io::HttpResponder& responder,
                    const std::string& word, const std::string& reason, const std::string& who) {
  // Anybody can bring that about by calling an address, as often as they like.
  if (word != kExpired) {
    log::warning("oidc", fmt::format("sign-in from {} refused ({}): {}", request.remote_address,
                                     word, reason));
  }
  if (!who.empty()) {
    control_.post([this, request, who, reason] {
      control_.audit({.at = {},
                      .caller = "oidc:" + who,
                      .address = request.remote_address,
                      .method = request.method,
                      .target = request.path,
                      .status = 403,
                      .detail = reason});
    });
  }
  responder.send(redirect("/?signIn=" + word));
}

}  // namespace lw::server::oidc
