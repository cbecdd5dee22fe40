// SPDX-License-Identifier: Apache-2.0
#include "server/remote_write/sender.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "base/base64.h"
#include "base/files.h"
#include "base/log.h"
#include "base/number.h"
#include "base/random.h"
#include "base/text.h"
#include "io/snappy.h"

namespace lw::server::remote_write {
namespace {

constexpr Milliseconds kWaitMin{1'000};
constexpr Milliseconds kWaitMax{60'000};
constexpr std::size_t kAnswerBytesMax = 64 << 10;

std::size_t parts_max(const Target& target) {
  return std::max<std::size_t>(1, target.samples_waiting_max / target.samples_per_request);
}

/// So that the servers of a site do not all come back at one moment.
Milliseconds jittered(Milliseconds wait) {
  const auto half = static_cast<std::uint64_t>(wait.count()) / 2;
  return Milliseconds(static_cast<std::int64_t>(half + random_u64() % (half + 1)));
}

Result<std::string> secret_in(const std::string& path) {
  return std::string(trim(TRY(read_file(path))));
}

}  // namespace

Result<std::unique_ptr<Sender>> Sender::start(const Target& target, const Clock& clock) {
  std::string authority;
  if (!target.authority_file.empty()) authority = TRY(read_file(target.authority_file));
  std::unique_ptr<Sender> sender(new Sender(target, std::move(authority), clock));
  sender->thread_ = Thread("remote write", [raw = sender.get()] { raw->run(); });
  return sender;
}

Sender::Sender(Target target, std::string authority_pem, const Clock& clock)
    : target_(std::move(target)),
      authority_pem_(std::move(authority_pem)),
      clock_(clock),
      parts_(parts_max(target_), WhenFull::Refuse) {
  stats_.with([&](SenderStats& stats) { stats.target = target_.name; });
}

Sender::~Sender() {
  stopping_.raise();
  stop_.close();
  parts_.close();
  thread_.join();
}

void Sender::offer(const Batch& samples) {
  const Timestamp now = clock_.wall_now();
  for (std::size_t from = 0; from < samples->size(); from += target_.samples_per_request) {
    const std::size_t to = std::min(samples->size(), from + target_.samples_per_request);
    // Before it can be sent, so that the numbers never fall below zero.
    stats_.with([&](SenderStats& stats) { stats.waiting += to - from; });
    taken_.with([&](auto& taken) { taken.push_back(now); });
    if (parts_.push({samples, from, to, now})) continue;
    taken_.with([](auto& taken) { taken.pop_back(); });
    stats_.with([&](SenderStats& stats) {
      stats.waiting -= to - from;
      stats.left_out += to - from;
    });
  }
}

SenderStats Sender::stats() const {
  SenderStats stats = stats_.with([](const SenderStats& known) { return known; });
  stats.oldest_waiting = taken_.with([](const auto& taken) {
    return taken.empty() ? std::nullopt : std::optional<Timestamp>(taken.front());
  });
  return stats;
}

void Sender::run() {
  while (auto part = parts_.pop()) {
    if (stopping_.is_raised()) return;
    deliver(*part);
  }
}

void Sender::deliver(const Part& part) {
  const auto begin = part.samples->begin();
  const std::vector<Sample> samples(begin + static_cast<std::ptrdiff_t>(part.from),
                                    begin + static_cast<std::ptrdiff_t>(part.to));
  const std::string body = io::snappy_compress(encode_write_request(samples, target_.labels));
  Milliseconds wait = kWaitMin;
  while (!stopping_.is_raised()) {
    switch (post(body)) {
      case Outcome::Sent:
        return settle(part, &SenderStats::sent);
      case Outcome::Refused:
        return settle(part, &SenderStats::refused);
      case Outcome::TryAgain:
        break;
    }
    pause(std::max(jittered(wait), std::min(wait_at_least_, kWaitMax)));
    wait = std::min(wait * 2, kWaitMax);
    stats_.with([](SenderStats& stats) { ++stats.retries; });
  }
}

Sender::Outcome Sender::post(const std::string& body) {
  wait_at_least_ = Milliseconds(0);
  const auto request = request_with(body);
  if (!request) {
    note_problem(request.error().message);
    return Outcome::TryAgain;
  }
  const auto answer = client_.request(*request);
  if (!answer) {
    note_problem(answer.error().message);
    return Outcome::TryAgain;
  }
  if (answer->status >= 200 && answer->status < 300) {
    note_problem("");
    return Outcome::Sent;
  }
  note_problem(fmt::format("{} answered {}: {}", target_.name, answer->status,
                           printable(trim(answer->body), 300)));
  const bool may_pass = answer->status >= 500 || answer->status == 429;
  const auto seconds = parse_number<std::int64_t>(answer->header("Retry-After"));
  if (may_pass && seconds && *seconds > 0 && *seconds < 3'600) {
    wait_at_least_ = Seconds(*seconds);
  }
  return may_pass ? Outcome::TryAgain : Outcome::Refused;
}

Result<io::HttpClientRequest> Sender::request_with(const std::string& body) const {
  io::HttpClientRequest request;
  request.method = "POST";
  request.url = target_.url;
  request.body = body;
  request.headers = target_.headers;
  request.headers.emplace_back("Content-Type", "application/x-protobuf");
  request.headers.emplace_back("Content-Encoding", "snappy");
  request.headers.emplace_back("X-Prometheus-Remote-Write-Version", "0.1.0");
  request.headers.emplace_back("User-Agent", "linewatch/" LW_VERSION);
  if (!target_.password_file.empty()) {
    const std::string password = TRY(secret_in(target_.password_file));
    request.headers.emplace_back("Authorization",
                                 "Basic " + to_base64(target_.user + ":" + password));
  }
  if (!target_.token_file.empty()) {
    request.headers.emplace_back("Authorization", "Bearer " + TRY(secret_in(target_.token_file)));
  }
  request.ca_pem = authority_pem_;
  request.timeout = target_.timeout;
  request.response_bytes_max = kAnswerBytesMax;
  request.give_up = [this] { return stopping_.is_raised(); };
  return request;
}

void Sender::note_problem(const std::string& problem) {
  const std::string before =
      stats_.with([&](SenderStats& stats) { return std::exchange(stats.problem, problem); });
  if (before.empty() == problem.empty()) return;
  if (problem.empty()) {
    log::info("remote-write", target_.name + " takes samples again");
  } else {
    log::warning("remote-write", target_.name + ": " + problem);
  }
}

void Sender::settle(const Part& part, std::uint64_t SenderStats::*counter) {
  taken_.with([](auto& taken) { taken.pop_front(); });
  stats_.with([&](SenderStats& stats) {
    stats.*counter += part.size();
    stats.waiting -= part.size();
  });
}

void Sender::pause(Milliseconds wait) { stop_.pop_for(wait); }

}  // namespace lw::server::remote_write
