// SPDX-License-Identifier: Apache-2.0
#include "server/streams.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>

#include "base/document.h"
#include "server/api/router.h"
#include "server/live_snapshot.h"

namespace lw::server {
namespace {

constexpr Milliseconds kTickEvery{1'000};
/// While a client has not got all that changed.
constexpr Milliseconds kTickAgainAfter{100};
constexpr Seconds kBeatEvery{15};
/// An answer of the control loop that does not come in this time was refused, for too much waited.
constexpr Seconds kAnswerMax{10};
/// A client that reads nothing for so long is taken for dead.
constexpr Seconds kFullMax{60};
/// Above this nothing is added to what waits for a client.
constexpr std::size_t kUnsentMax = std::size_t{256} << 10;
/// Some 3 MB of JSON, and some milliseconds of the control loop.
constexpr std::size_t kRowsMax = 20'000;
/// How many different pasts are looked up in one go; slow clients beyond wait for the next.
constexpr std::size_t kPastsMax = 8;

/// `tests` are the first kRowsMax that changed since.
LiveChanges changes_of(const Control& control, const std::vector<const LiveTest*>& tests,
                       const TokenScope& scope, Timestamp now) {
  const LiveState& live = control.live();
  LiveChanges changes{.revision = live.revision(),
                      .plan_revision = live.plan_revision(),
                      .at = now,
                      .is_all = true,
                      .rows = {}};
  ScopedMonitors monitors(scope);
  for (const LiveTest* const test : tests) {
    if (!monitors.covers(test->test.connection_monitor)) continue;
    changes.rows.push_back({test->test.id, moment_of(*test, control.paths().find(test->test.id))});
    // A view into what belongs to the control thread.
    changes.rows.back().moment.checked_address = {};
  }
  changes.is_all = tests.size() < kRowsMax;
  if (!changes.is_all) changes.revision = tests.back()->revision;
  return changes;
}

std::size_t count_visible(const LiveState& live, const TokenScope& scope) {
  if (scope.covers_all()) return live.order().size();
  ScopedMonitors monitors(scope);
  return static_cast<std::size_t>(std::ranges::count_if(live.order(), [&](TestId id) {
    return monitors.covers(live.find(id)->test.connection_monitor);
  }));
}

std::string event(std::string_view name, std::uint64_t revision, std::string_view data) {
  return fmt::format("id: {}\nevent: {}\ndata: {}\n\n", revision, name, data);
}

/// A member of the frame: the values of all rows in a list.
template <class Format>
void append_list(std::string& out, const LiveChanges& changes, std::string_view name,
                 const Format& format) {
  fmt::format_to(std::back_inserter(out), ",\"{}\":[", name);
  bool is_first = true;
  for (const LiveChanges::Row& row : changes.rows) {
    if (!is_first) out += ',';
    is_first = false;
    format(out, row);
  }
  out += ']';
}

void append_number(std::string& out, const std::optional<double>& value) {
  if (value) {
    fmt::format_to(std::back_inserter(out), "{}", *value);
  } else {
    out += "null";
  }
}

std::optional<double> ms_or_none(const std::optional<Microseconds>& duration) {
  if (!duration) return std::nullopt;
  return static_cast<double>(duration->count()) / 1000.0;
}

std::optional<double> ms_or_none(const std::optional<Timestamp>& time) {
  if (!time) return std::nullopt;
  return static_cast<double>(to_unix_us(*time)) / 1000.0;
}

template <class Take>
void append_numbers(std::string& out, const LiveChanges& changes, std::string_view name,
                    const Take& take) {
  append_list(out, changes, name, [&](std::string& to, const LiveChanges::Row& row) {
    append_number(to, take(row.moment));
  });
}

void append_words(std::string& out, const LiveChanges& changes) {
  append_list(out, changes, "id", [](std::string& to, const LiveChanges::Row& row) {
    to += '"' + to_string(row.id) + '"';
  });
  append_list(out, changes, "state", [](std::string& to, const LiveChanges::Row& row) {
    to += std::to_string(std::ranges::find(kTestStates, row.moment.state) - kTestStates.begin());
  });
  append_list(out, changes, "alert", [](std::string& to, const LiveChanges::Row& row) {
    to += std::to_string(row.moment.alert);
  });
  append_list(out, changes, "reasonCode", [](std::string& to, const LiveChanges::Row& row) {
    to += to_json(Value(to_string(row.moment.reason.code)));
  });
  append_list(out, changes, "pathIssue", [](std::string& to, const LiveChanges::Row& row) {
    to += row.moment.path_issue ? '"' + to_string(*row.moment.path_issue) + '"' : "null";
  });
}

}  // namespace

std::string rows_event(const LiveChanges& changes) {
  std::string data =
      fmt::format(R"({{"revision":"{}","at":"{}")", changes.revision, to_iso8601(changes.at));
  append_words(data, changes);
  const auto numbers = [&](std::string_view name, const auto& take) {
    append_numbers(data, changes, name, take);
  };
  numbers("observed", [](const TestMoment& moment) { return moment.reason.observed; });
  numbers("limit", [](const TestMoment& moment) { return moment.reason.limit; });
  numbers("since",
          [](const TestMoment& moment) { return ms_or_none(std::optional(moment.since)); });
  numbers("lastRound", [](const TestMoment& moment) { return ms_or_none(moment.last_round); });
  numbers("checksFailedPercent",
          [](const TestMoment& moment) { return moment.checks_failed_percent; });
  numbers("rttMs", [](const TestMoment& moment) { return ms_or_none(moment.rtt_avg); });
  numbers("rttMinMs", [](const TestMoment& moment) { return ms_or_none(moment.rtt_min); });
  numbers("rttMaxMs", [](const TestMoment& moment) { return ms_or_none(moment.rtt_max); });
  numbers("jitterMs", [](const TestMoment& moment) { return ms_or_none(moment.jitter); });
  data += '}';
  return event("rows", changes.revision, data);
}

Streams::Streams(Control& control, const Clock& clock) : control_(control), clock_(clock) {}
Streams::~Streams() { stop(); }

void Streams::start() {
  next_beat_ = clock_.now() + kBeatEvery;
  thread_ = Thread("streams", [this] { loop(); });
}

void Streams::stop() {
  work_.close();
  thread_.join();
}

void Streams::open(io::HttpResponder responder, std::optional<std::uint64_t> since,
                   std::shared_ptr<const TokenScope> scope, std::function<bool()> is_welcome) {
  control_.post([this, since,
                 client = Client{std::move(responder), 0, std::move(scope),
                                 std::move(is_welcome)}]() mutable {
    const LiveState& live = control_.live();
    const std::size_t rows = count_visible(live, *client.scope);
    Opening opening{std::move(client), live.revision(), rows, false};
    // A revision of another run of the server, or from before the set of tests changed.
    opening.must_begin_anew = since && (*since < live.plan_revision() || *since > live.revision());
    opening.client.revision = since && !opening.must_begin_anew ? *since : opening.revision;
    const io::HttpResponder answer = opening.client.responder;
    if (run([this, opening = std::move(opening)] { add(opening); })) return;
    api::answer_error(answer, {ErrorCode::Unavailable, "too many streams at once; try again soon"});
  });
}

void Streams::loop() {
  while (true) {
    const auto patience = std::max(next_tick_ - clock_.now(), std::chrono::nanoseconds(0));
    if (auto work = work_.pop_for(patience)) {
      (*work)();
    } else if (work_.is_closed()) {
      break;
    }
    if (clock_.now() >= next_tick_) tick();
  }
  for (const Client& client : clients_) client.responder.end();
  clients_.clear();
}

void Streams::add(Opening opening) {
  Client& client = opening.client;
  if (clients_.size() >= kClientsMax) {
    return api::answer_error(
        client.responder,
        {ErrorCode::Unavailable,
         fmt::format("{} streams are open already; close some, or load the snapshot now and then",
                     kClientsMax)});
  }
  std::string first = "retry: 2000\n\n";
  first += event("hello", client.revision,
                 fmt::format(R"({{"revision":"{}","rows":{}}})", client.revision, opening.rows));
  if (opening.must_begin_anew) {
    first += event("plan", client.revision, fmt::format(R"({{"revision":"{}"}})", client.revision));
  }
  client.responder.start({.status = 200,
                          .headers = {{"Content-Type", "text/event-stream"},
                                      {"Cache-Control", "no-store"},
                                      {"X-Accel-Buffering", "no"},
                                      {"X-Content-Type-Options", "nosniff"}},
                          .body = std::move(first)});
  clients_.push_back(std::move(client));
}

void Streams::tick() {
  const Instant now = clock_.now();
  next_tick_ = now + kTickEvery;
  if (now >= next_beat_) beat();
  std::erase_if(clients_, [this](Client& client) { return !wake(client); });
  ask();
}

void Streams::beat() {
  next_beat_ = clock_.now() + kBeatEvery;
  std::erase_if(clients_, [this](Client& client) {
    if (client.is_welcome()) return !client.full_since && !send(client, ": beat\n\n");
    client.responder.end();
    return true;
  });
}

bool Streams::wake(Client& client) {
  if (!client.full_since) return true;
  const Instant since = *client.full_since;
  client.full_since.reset();
  if (!send(client, ":\n\n")) return false;
  if (!client.full_since) return true;
  client.full_since = since;
  if (clock_.now() - since < kFullMax) return true;
  client.responder.abort();
  return false;
}

bool Streams::send(Client& client, const std::string& text) {
  const io::StreamWrite written = client.responder.try_write(text, kUnsentMax);
  if (written == io::StreamWrite::Full) client.full_since = clock_.now();
  return written != io::StreamWrite::Gone;
}

void Streams::ask() {
  if (asked_ && clock_.now() - *asked_ < kAnswerMax) return;
  // The newest first, so that who keeps up never waits for who does not.
  Pasts pasts;
  for (const Client& client : clients_) {
    if (!client.full_since) pasts[client.revision].insert(client.scope);
  }
  if (pasts.empty()) return;
  if (pasts.size() > kPastsMax) {
    pasts.erase(std::next(pasts.begin(), static_cast<std::ptrdiff_t>(kPastsMax)), pasts.end());
  }
  asked_ = clock_.now();
  control_.post([this, pasts = std::move(pasts)] {
    // The scopes go along: the views are known by where they are.
    run([this, pasts, changes = changes_since(control_, pasts, clock_.wall_now())] {
      deliver(changes);
    });
  });
}

Streams::View Streams::view_of(const Client& client) {
  return {client.revision, client.scope->covers_all() ? nullptr : client.scope.get()};
}

Streams::Views Streams::changes_since(const Control& control, const Pasts& pasts, Timestamp now) {
  Views views;
  for (const auto& [past, scopes] : pasts) {
    const auto tests = control.live().changed_since(past, kRowsMax);
    for (const auto& scope : scopes) {
      const View view{past, scope->covers_all() ? nullptr : scope.get()};
      if (!views.contains(view)) views[view] = changes_of(control, tests, *scope, now);
    }
  }
  return views;
}

void Streams::deliver(const Views& changes) {
  asked_.reset();
  std::map<View, std::string> frames;
  std::erase_if(clients_, [&](Client& client) {
    const auto found = changes.find(view_of(client));
    if (found == changes.end() || client.full_since) return false;
    const LiveChanges& change = found->second;
    std::string& frame = frames[view_of(client)];
    const bool begins_anew = change.plan_revision > client.revision;
    const std::uint64_t seen = begins_anew ? change.plan_revision : change.revision;
    if (frame.empty() && begins_anew) {
      frame = event("plan", seen, fmt::format(R"({{"revision":"{}"}})", seen));
    } else if (frame.empty() && !change.rows.empty()) {
      frame = rows_event(change);
    }
    const bool is_there = frame.empty() || send(client, frame);
    if (!client.full_since) client.revision = seen;
    if (!change.is_all) next_tick_ = std::min(next_tick_, clock_.now() + kTickAgainAfter);
    return !is_there;
  });
}

}  // namespace lw::server
