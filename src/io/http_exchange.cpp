// SPDX-License-Identifier: Apache-2.0
#include "io/http_exchange.h"

#include <fmt/core.h>

#include <algorithm>
#include <deque>
#include <unordered_map>
#include <utility>

#include "base/text.h"
#include "base/thread.h"
#include "io/curl_multi.h"
#include "io/http_target.h"
#include "io/revocation_checker.h"
#include "io/tls_library.h"

namespace lw::io {
namespace {

// A check does not wait longer for word about revocation; what comes later is for the next one.
constexpr Milliseconds kRevocationPatience{3'000};
// Each connection may show another certificate, as behind a balancer. Then it is enough.
constexpr int kRevocationLookupsMax = 2;
constexpr Milliseconds kOcspTimeout{3'000};
constexpr Milliseconds kCrlTimeout{10'000};
constexpr int kRevocationRedirectsMax = 3;

bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

void add(std::optional<Microseconds>& sum, const std::optional<Microseconds>& one) {
  if (one) sum = sum.value_or(Microseconds(0)) + *one;
}

void add_phases(HttpReport& sum, const HttpReport& one) {
  add(sum.lookup, one.lookup);
  add(sum.connect, one.connect);
  add(sum.handshake, one.handshake);
  add(sum.request, one.request);
  add(sum.first_byte, one.first_byte);
  add(sum.transfer, one.transfer);
  add(sum.total, one.total);
  sum.syn_was_repeated = sum.syn_was_repeated || one.syn_was_repeated;
}

HttpTarget target_of(const HttpExchangeRequest& request) {
  return {request.use_tls, request.host, request.port, request.path};
}

/// Secrets in headers are for whom they were written; the way from http to https of one host is
/// no other one.
bool may_see_headers(const HttpTarget& from, const HttpTarget& to) {
  if (!equals_ignoring_case(from.host, to.host)) return false;
  return (from.use_tls == to.use_tls && from.port == to.port) || (!from.use_tls && to.use_tls);
}

/// As browsers do (RFC 9110 §15.4).
bool becomes_get(const std::string& method, int status) {
  return method == "POST" && (status == 301 || status == 302 || status == 303);
}

void point_to(HttpExchangeRequest& request, const HttpTarget& to, int status) {
  const HttpTarget from = target_of(request);
  if (!equals_ignoring_case(from.host, to.host)) request.address.reset();
  if (!may_see_headers(from, to)) request.headers.clear();
  if (becomes_get(request.method, status)) {
    request.method = "GET";
    request.body.clear();
  }
  request.use_tls = to.use_tls;
  request.host = to.host;
  request.port = to.port;
  request.path = to.path;
}

AddressFamily family_of(const HttpExchangeRequest& request) {
  if (!request.socket.source) return request.redirect_family;
  return request.socket.source->is_v6 ? AddressFamily::V6 : AddressFamily::V4;
}

HttpReport timed_out(std::string waiting_for) {
  HttpReport report;
  report.status = HttpExchangeStatus::TimedOut;
  report.evidence = std::move(waiting_for);
  return report;
}

Result<RevocationChecker::Bytes> answer_of(const HttpReport& report) {
  if (report.status == HttpExchangeStatus::TimedOut) {
    return fail(ErrorCode::Unavailable, fmt::format("no answer in time ({})", report.evidence));
  }
  if (report.status != HttpExchangeStatus::Answered) {
    return fail(ErrorCode::Unavailable, report.evidence);
  }
  if (report.http_status != 200) {
    return fail(ErrorCode::Unavailable, fmt::format("HTTP {}", report.http_status));
  }
  if (report.body_is_cut) return fail(ErrorCode::LimitExceeded, "the answer is too large");
  return std::make_shared<const std::string>(report.body);
}

}  // namespace

struct HttpEngine::Impl : std::enable_shared_from_this<Impl> {
  /// All connections that one start() leads to.
  struct Visit {
    HttpExchangeRequest request;  ///< Of the connection under way, or the next one.
    Done done;
    Instant deadline;
    HttpReport sum;  ///< Of the connections before.
    Loop::Timer timer;
    int revocation_lookups = 0;
    bool awaits_revocation = false;
    bool is_out_of_patience = false;
    CertificateChain unknown;  ///< Of which it must be found out whether it is revoked.
    std::string stapled;
  };

  /// Something that takes long, and what the loop does once it is done.
  struct Aside {
    std::function<void()> work, then;
  };

  Impl(Loop& on, const Clock& by, Resolver& with, const std::string& extra_ca_pem)
      : loop(on),
        clock(by),
        resolver(with),
        roots(load_trusted_roots(extra_ca_pem)),
        revocation(
            by, roots,
            [this](const RevocationChecker::Question& question,
                   RevocationChecker::Answered answered) { ask(question, std::move(answered)); },
            [this](std::function<void()> work, std::function<void()> then) {
              run_aside(std::move(work), std::move(then));
            }),
        multi(on, library) {}

  void start(const HttpExchangeRequest& request, Done done);
  void connect(std::uint64_t id);
  void look_up(std::uint64_t id);
  void on_name(std::uint64_t id, Instant asked, const NameAnswer& answer);
  bool may_send(Visit& visit, TlsInspector& inspector);
  void find_out(std::uint64_t id);
  void on_known(std::uint64_t id, int lookup);
  void on_report(std::uint64_t id, HttpReport&& report);
  void follow(std::uint64_t id, HttpReport report);
  void finish(std::uint64_t id, HttpReport report);
  void finish_later(std::uint64_t id, const HttpReport& report);
  void ask(const RevocationChecker::Question& question, RevocationChecker::Answered answered);
  void run_aside(std::function<void()> work, std::function<void()> then);
  void run_next_aside();
  void on_aside_done();

  Loop& loop;
  const Clock& clock;
  Resolver& resolver;
  TlsLibrary library;  ///< Before all that has certificates, to outlive them.
  std::shared_ptr<X509_STORE> roots;
  VerifiedChains verified;
  std::unordered_map<std::uint64_t, Visit> visits;
  std::uint64_t next_id = 0;
  RevocationChecker revocation;
  CurlMulti multi;
  std::deque<Aside> asides;  ///< The first one is at work.
  Thread aside_thread;       ///< Going, it waits for that.
};

void HttpEngine::Impl::start(const HttpExchangeRequest& request, Done done) {
  const std::uint64_t id = next_id++;
  Visit& visit = visits[id];
  visit.request = request;
  visit.done = std::move(done);
  visit.deadline = clock.now() + request.timeout;
  return request.address ? connect(id) : look_up(id);
}

void HttpEngine::Impl::connect(std::uint64_t id) {
  Visit& visit = visits.at(id);
  auto exchange = std::make_unique<CurlExchange>();
  exchange->request = visit.request;
  exchange->request.timeout = visit.deadline - clock.now();
  if (exchange->request.timeout <= std::chrono::nanoseconds(0)) {
    return finish_later(id, timed_out("no time was left for the next connection"));
  }
  if (visit.request.use_tls) {
    const bool only_h2 = visit.request.offer == HttpOffer::Http2;
    const bool revocable = visit.request.revocation != RevocationCheck::Off;
    exchange->inspector = std::make_unique<TlsInspector>(roots, verified, clock, visit.request.host,
                                                         TlsWishes{only_h2 ? "h2" : "", revocable});
    if (revocable) {
      exchange->may_send = [this, id, inspector = exchange->inspector.get()] {
        return may_send(visits.at(id), *inspector);
      };
    }
  }
  exchange->done = [this, id](HttpReport&& report) { on_report(id, std::move(report)); };
  multi.start(std::move(exchange));
}

void HttpEngine::Impl::look_up(std::uint64_t id) {
  Visit& visit = visits.at(id);
  visit.timer = loop.at(visit.deadline, [this, id] {
    const std::string host = visits.at(id).request.host;
    finish(id, timed_out(fmt::format("the name {} was not resolved", host)));
  });
  const std::string host = visit.request.host;
  resolver.resolve(host, family_of(visit.request),
                   [weak = weak_from_this(), id, now = clock.now()](const NameAnswer& answer) {
                     if (const auto self = weak.lock()) self->on_name(id, now, answer);
                   });
}

void HttpEngine::Impl::on_name(std::uint64_t id, Instant asked, const NameAnswer& answer) {
  const auto found = visits.find(id);
  if (found == visits.end()) return;  // Too late.
  Visit& visit = found->second;
  visit.timer.cancel();
  add(visit.sum.lookup, std::chrono::duration_cast<Microseconds>(clock.now() - asked));
  if (answer.status != NameStatus::Found || answer.addresses.empty()) {
    HttpReport report;
    report.status = HttpExchangeStatus::NameFailed;
    report.name_status = answer.status;
    report.evidence = answer.evidence;
    return finish_later(id, report);
  }
  visit.request.address = answer.addresses.front();
  connect(id);
}

bool HttpEngine::Impl::may_send(Visit& visit, TlsInspector& inspector) {
  const CertificateChain& chain = inspector.verified_chain();
  const bool is_known = revocation.knows(chain, inspector.stapled_response());
  const bool may_ask =
      !visit.is_out_of_patience && visit.revocation_lookups < kRevocationLookupsMax;
  if (!is_known && may_ask) {
    visit.unknown = chain;
    visit.stapled = inspector.stapled_response();
    return false;
  }
  const RevocationAnswer verdict = revocation.verdict_on(chain);
  if (verdict.status == RevocationStatus::Good) return true;
  if (verdict.status == RevocationStatus::Revoked) {
    inspector.add_problem(TlsProblem::Revoked, verdict.evidence);
    return false;
  }
  const std::string note = "revocation not checkable: " + verdict.evidence;
  if (visit.request.revocation == RevocationCheck::Soft) {
    inspector.add_note(note);
    return true;
  }
  inspector.add_problem(TlsProblem::RevocationUnknown, note);
  return false;
}

void HttpEngine::Impl::find_out(std::uint64_t id) {
  Visit& visit = visits.at(id);
  const CertificateChain chain = std::exchange(visit.unknown, {});
  const std::string stapled = std::exchange(visit.stapled, {});
  const int lookup = ++visit.revocation_lookups;
  visit.awaits_revocation = true;
  // Most of the time-out is for the connection that comes after.
  const auto patience =
      std::min<std::chrono::nanoseconds>(kRevocationPatience, (visit.deadline - clock.now()) / 4);
  visit.timer = loop.after(patience, [this, id, lookup] {
    visits.at(id).is_out_of_patience = true;
    on_known(id, lookup);
  });
  revocation.find_out(chain, stapled, [this, id, lookup] { on_known(id, lookup); });
}

void HttpEngine::Impl::on_known(std::uint64_t id, int lookup) {
  const auto found = visits.find(id);
  if (found == visits.end()) return;
  Visit& visit = found->second;
  // Patience may have ended before; then what comes is for the next check.
  if (!visit.awaits_revocation || visit.revocation_lookups != lookup) return;
  visit.awaits_revocation = false;
  visit.timer.cancel();
  connect(id);
}

void HttpEngine::Impl::on_report(std::uint64_t id, HttpReport&& report) {
  Visit& visit = visits.at(id);
  if (!visit.unknown.empty()) return find_out(id);
  add_phases(visit.sum, report);
  if (report.tls) visit.sum.tls = std::move(report.tls);
  const bool leads_on = report.status == HttpExchangeStatus::Answered &&
                        is_redirect(report.http_status) && !report.location.empty();
  return leads_on && visit.request.redirects_max > 0 ? follow(id, std::move(report))
                                                     : finish(id, std::move(report));
}

void HttpEngine::Impl::follow(std::uint64_t id, HttpReport report) {
  Visit& visit = visits.at(id);
  const auto target = resolve_location(target_of(visit.request), report.location);
  if (!target) {
    report.status = HttpExchangeStatus::Malformed;
    report.evidence = fmt::format("HTTP {} redirects to no web page: {}", report.http_status,
                                  target.error().message);
    return finish(id, std::move(report));
  }
  if (visit.sum.redirects == visit.request.redirects_max) {
    report.status = HttpExchangeStatus::TooManyRedirects;
    report.evidence = fmt::format(
        "{} and the next would lead to {}",
        counted(static_cast<std::size_t>(visit.sum.redirects), "redirect"), to_url(*target));
    return finish(id, std::move(report));
  }
  point_to(visit.request, *target, report.http_status);
  ++visit.sum.redirects;
  visit.sum.url = to_url(*target);
  visit.revocation_lookups = 0;
  return visit.request.address ? connect(id) : look_up(id);
}

void HttpEngine::Impl::finish(std::uint64_t id, HttpReport report) {
  auto node = visits.extract(id);
  Visit& visit = node.mapped();
  HttpReport& sum = visit.sum;
  report.redirects = sum.redirects;
  report.syn_was_repeated = report.syn_was_repeated || sum.syn_was_repeated;
  report.url = sum.url;
  report.tls = std::move(sum.tls);
  report.lookup = sum.lookup;
  report.connect = sum.connect;
  report.handshake = sum.handshake;
  report.request = sum.request;
  report.first_byte = sum.first_byte;
  report.transfer = sum.transfer;
  report.total = report.status == HttpExchangeStatus::Answered ? sum.total : std::nullopt;
  visit.done(report);
}

void HttpEngine::Impl::finish_later(std::uint64_t id, const HttpReport& report) {
  visits.at(id).timer =
      loop.after(std::chrono::nanoseconds(0), [this, id, report] { finish(id, report); });
}

void HttpEngine::Impl::ask(const RevocationChecker::Question& question,
                           RevocationChecker::Answered answered) {
  const auto target = parse_http_url(question.url);
  if (!target) return answered(fail(target.error().code, target.error().message));
  // Over TLS, the responder's own certificate would have to be checked first, and so on.
  if (target->use_tls) return answered(fail(ErrorCode::InvalidInput, "only http is supported"));
  HttpExchangeRequest request;
  request.host = target->host;
  request.port = target->port;
  request.path = target->path;
  request.keeps_body = true;
  request.body_bytes_max = question.bytes_max;
  request.redirects_max = kRevocationRedirectsMax;
  request.timeout = question.body.empty() ? kCrlTimeout : kOcspTimeout;
  if (!question.body.empty()) {
    request.method = "POST";
    request.body = question.body;
    request.headers = {{"Content-Type", "application/ocsp-request"}};
  }
  start(request, [answered = std::move(answered)](const HttpReport& report) {
    answered(answer_of(report));
  });
}

void HttpEngine::Impl::run_aside(std::function<void()> work, std::function<void()> then) {
  asides.push_back({std::move(work), std::move(then)});
  if (asides.size() == 1) run_next_aside();
}

void HttpEngine::Impl::run_next_aside() {
  aside_thread = Thread("crl", [&on = loop, weak = weak_from_this(), work = asides.front().work] {
    work();
    on.post([weak] {
      if (const auto self = weak.lock()) self->on_aside_done();
    });
  });
}

void HttpEngine::Impl::on_aside_done() {
  aside_thread.join();
  const std::function<void()> then = std::move(asides.front().then);
  asides.pop_front();
  if (!asides.empty()) run_next_aside();
  then();
}

HttpEngine::HttpEngine(Loop& loop, const Clock& clock, Resolver& resolver,
                       const std::string& extra_ca_pem)
    : impl_(std::make_shared<Impl>(loop, clock, resolver, extra_ca_pem)) {}
HttpEngine::~HttpEngine() = default;

void HttpEngine::trust(const std::string& ca_pem) {
  add_trusted_roots(*impl_->roots, ca_pem);
  impl_->verified.forget();
}

void HttpEngine::start(const HttpExchangeRequest& request, Done done) {
  impl_->start(request, std::move(done));
}

}  // namespace lw::io
