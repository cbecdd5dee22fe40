// SPDX-License-Identifier: Apache-2.0
#include "server/logs/service.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <memory>

#include "base/text.h"
#include "server/logs/kept.h"
#include "server/logs/timespan.h"
#include "store/native.h"

namespace lw::server::logs {
namespace {

constexpr int kThreads = 2;
/// Questions about data (bag_unpack in bag_unpack …) that one query may ask.
constexpr int kQuestionsMax = 5;
/// Rows of the answer to such a question: columns, in the end.
constexpr std::size_t kAnswerBytesMax = std::size_t{4} << 20;
/// Of an answer that is kept whole, and of one that is handed on in pieces.
constexpr std::int64_t kBytesMax = std::int64_t{64} << 20;
constexpr std::int64_t kStreamBytesMax = std::int64_t{8} << 30;
/// How much longer than the engine's own limit its answer is waited for.
constexpr Seconds kPatience{10};

std::int64_t ticks_of(Timestamp time) {
  return kql::kTicksUnixEpoch + to_unix_us(time) * kql::kTicksPerMicrosecond;
}

/// The workspace with what it still shows now.
WorkspaceView as_of(WorkspaceView view, std::int64_t now) {
  if (view.keep_days > 0) view.oldest = now - view.keep_days * kql::kTicksPerDay;
  return view;
}

/// The tables of the scope and, when a query asks for them, those of other workspaces.
class Catalogs {
 public:
  Catalogs(const Service& service, const Scope& scope, const TokenScope& caller, std::int64_t now)
      : service_(service), scope_(scope), caller_(caller), now_(now) {
    own_ = make_catalog(scope_);
    own_.workspace = [this](std::string_view name) { return other(name); };
  }
  [[nodiscard]] const kql::Catalog& own() const { return own_; }

 private:
  struct Other {
    Scope scope;
    kql::Catalog catalog;
  };
  const kql::Catalog* other(std::string_view name) {
    const auto view = service_.workspaces().find(name);
    // One that the caller may not see is as good as none.
    if (!view || !caller_.covers_workspace(view->name, view->id)) return nullptr;
    auto& other = others_[view->id];
    if (!other) {
      other = std::make_unique<Other>();
      other->scope = scope_;
      other->scope.workspaces = {as_of(*view, now_)};
      other->catalog = make_catalog(other->scope);
    }
    return &other->catalog;
  }

  const Service& service_;
  const Scope& scope_;
  const TokenScope& caller_;
  const std::int64_t now_;
  kql::Catalog own_;
  std::map<std::string, std::unique_ptr<Other>> others_;
};

/// The rows of a question's answer: all cells as text.
kql::Answer cells_of(const std::string& lines) {
  kql::Answer answer;
  for (const std::string& line : split(lines, '\n')) {
    if (line.empty()) continue;
    const auto row = parse_json(line);
    if (!row || !row->is_array()) continue;
    auto& cells = answer.emplace_back();
    for (const Value& cell : row->as_array()) {
      cells.push_back(cell.is_string() ? cell.as_string() : cell.is_null() ? "" : to_json(cell));
    }
  }
  return answer;
}

Failure stopping() {
  return {.status = 503,
          .code = "ServiceUnavailable",
          .message = "The server is stopping; try again soon."};
}

}  // namespace

Service::Service(store::ClientConfig reader, store::NamedValues settings, const Clock& clock)
    : reader_(std::move(reader)), settings_(std::move(settings)), clock_(clock) {}

Result<void> Service::start(const std::string& folder, std::string subscription,
                            std::string default_workspace) {
  subscription_ = std::move(subscription);
  TRY(documents_.with([&](std::optional<registry::Documents>& documents) -> Result<void> {
    documents = TRY(registry::Documents::open(folder + "/registry.sqlite"));
    return take_over_files(folder, *documents);
  }));
  TRY(workspaces_.open(documents_, subscription_, std::move(default_workspace)));
  TRY(saved_.open(documents_));
  for (int i = 0; i < kThreads; ++i) threads_.emplace_back("logs", [this] { run(); });
  return {};
}

Service::~Service() { stop(); }

void Service::stop() {
  stopping_.raise();
  jobs_.close();
  for (Thread& thread : threads_) thread.join();
}

void Service::ask(Question question, std::function<bool()> is_gone, Done done) {
  // Kept by the caller: a refused job would take it along.
  const auto told = std::make_shared<Done>(std::move(done));
  const bool is_queued = jobs_.push({std::move(question), std::move(is_gone),
                                     [told](Outcome<Reply> reply) { (*told)(std::move(reply)); }});
  if (is_queued) return;
  (*told)(std::unexpected(
      Failure{.status = 429,
              .code = "ThrottledError",
              .message = "Too many queries wait already; try again in some seconds."}));
}

void Service::run() {
  while (auto job = jobs_.pop()) {
    job->done(stopping_.is_raised() ? std::unexpected(stopping()) : answer(*job));
  }
}

store::Client Service::client_for(const Job& job) const {
  store::ClientConfig config = reader_;
  config.timeout = job.question.wait + kPatience;
  config.give_up = [this, &job] { return stopping_.is_raised() || (job.is_gone && job.is_gone()); };
  return store::Client(std::move(config));
}

store::NamedValues Service::settings_for(const Question& question) const {
  store::NamedValues settings = settings_;
  for (const auto& setting : kql::engine_settings()) settings.push_back(setting);
  settings.emplace_back("max_execution_time", std::to_string(question.wait.count()));
  settings.emplace_back("max_result_bytes",
                        std::to_string(question.stream ? kStreamBytesMax : kBytesMax));
  return settings;
}

Outcome<std::string> Service::query(store::Client& client, const Question& question,
                                    const std::string& sql) const {
  auto answer = client.query(sql, {}, settings_for(question));
  if (answer) return std::move(*answer);
  return std::unexpected(from_store(answer.error(), client.last_error_number()));
}

Outcome<std::string> Service::stream(store::Client& client, const Question& question,
                                     const std::string& sql) const {
  bool is_enough = false;
  const auto done = client.stream(sql, settings_for(question), [&](std::string_view piece) {
    is_enough = !question.stream->take(piece);
    return !is_enough;
  });
  if (done || is_enough) return std::string();
  return std::unexpected(from_store(done.error(), client.last_error_number()));
}

Outcome<Scope> Service::scope_of(const Question& question, std::int64_t now) const {
  Scope scope{.workspaces = {},
              .subscription = subscription_,
              .span = {},
              .monitor = question.monitor,
              .sees_audit = question.sees_audit};
  for (const std::string* text : {&question.timespan, &question.second_timespan}) {
    const auto span = parse_timespan(*text, now);
    if (!span) {
      return std::unexpected(bad_argument(
          "InvalidTimespan",
          fmt::format("'{}' is no timespan; write PT1H, START/END, START/PT1H or PT1H/END, with "
                      "times like 2026-01-31T12:00:00Z.",
                      text->substr(0, 100))));
    }
    scope.span = intersect(scope.span, *span);
  }
  for (const std::string& name : question.workspaces) {
    const auto view = workspaces_.find(name);
    const bool is_covered = question.caller->covers_all() ||
                            (view && question.caller->covers_workspace(view->name, view->id));
    // Who asks for a monitor's rows was let through to it; they are in the first workspace.
    const bool is_monitors = !question.monitor.empty() && &name == &question.workspaces.front();
    if (!is_covered && !is_monitors) return std::unexpected(insufficient_access());
    if (!view) {
      return std::unexpected(Failure{
          .status = 404,
          .code = "PathNotFoundError",
          .message = fmt::format("There is no workspace '{}'; `linewatch status` shows the id of "
                                 "the default one.",
                                 name.substr(0, 100))});
    }
    const auto same = [&](const WorkspaceView& known) { return known.id == view->id; };
    if (std::ranges::none_of(scope.workspaces, same)) scope.workspaces.push_back(as_of(*view, now));
  }
  return scope;
}

Outcome<kql::Translation> Service::translate(const Question& question, const Scope& scope,
                                             std::int64_t now, store::Client& client) const {
  const Catalogs catalogs(*this, scope, *question.caller, now);
  kql::Options options;
  options.now = now;
  options.rows_max = question.rows_max;
  options.form = question.form;
  options.functions = saved_.functions();
  for (int asked = 0; asked <= kQuestionsMax; ++asked) {
    auto translation = kql::translate(question.text, catalogs.own(), options);
    if (!translation) return std::unexpected(from_faults(translation.error()));
    if (translation->question.empty()) return std::move(*translation);
    auto lines = query(client, question, translation->sql + " FORMAT JSONCompactEachRow");
    if (!lines) return std::unexpected(lines.error());
    if (lines->size() > kAnswerBytesMax) break;
    options.answers[translation->question] = cells_of(*lines);
  }
  return std::unexpected(bad_argument(
      "SemanticError", "The query's columns depend on data in too many steps; name a schema."));
}

Outcome<Reply> Service::answer(const Job& job) const {
  const Instant begun = clock_.now();
  const std::int64_t now = ticks_of(clock_.wall_now());
  const auto scope = scope_of(job.question, now);
  if (!scope) return std::unexpected(scope.error());
  store::Client client = client_for(job);
  Reply reply;
  auto translation = translate(job.question, *scope, now, client);
  if (!translation) return std::unexpected(translation.error());
  reply.translation = std::move(*translation);
  const Instant translated = clock_.now();
  reply.translated = std::chrono::duration_cast<Microseconds>(translated - begun);
  const std::string& sql = reply.translation.sql;
  if (job.question.stream && !job.question.is_explain) {
    job.question.stream->begin(reply.translation);
    auto streamed = stream(client, job.question, sql + " FORMAT RowBinary");
    if (!streamed) return std::unexpected(streamed.error());
    return reply;
  }
  auto bytes =
      query(client, job.question,
            job.question.is_explain ? "EXPLAIN indexes = 1 " + sql + " FORMAT TabSeparatedRaw"
                                    : sql + " FORMAT " + job.question.format);
  if (!bytes) return std::unexpected(bytes.error());
  reply.bytes = std::move(*bytes);
  reply.executed = std::chrono::duration_cast<Microseconds>(clock_.now() - translated);
  return reply;
}

}  // namespace lw::server::logs
