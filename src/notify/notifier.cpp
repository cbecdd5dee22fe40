// SPDX-License-Identifier: Apache-2.0
#include "notify/notifier.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "base/text.h"
#include "io/http_client.h"

namespace lw::notify {
namespace {

constexpr std::size_t kWorkers = 4;
constexpr Milliseconds kAttemptTimeout{10'000};
constexpr std::size_t kAnswerBytesMax = std::size_t{64} << 10;
constexpr Milliseconds kLookMax{1'000};

/// A URL for logs: what stands behind the host is often a secret.
std::string host_part(const std::string& uri) {
  const auto scheme = uri.find("://");
  const auto begin = scheme == std::string::npos ? 0 : scheme + 3;
  const auto end = uri.find_first_of("/?#", begin);
  std::string host = uri.substr(0, end);
  if (const auto at = host.rfind('@'); at != std::string::npos && at >= begin) {
    host.erase(begin, at + 1 - begin);
  }
  return printable(host, 200);
}

}  // namespace

Notifier::Notifier(const Clock& clock, OnSettled on_settled)
    : clock_(clock), on_settled_(std::move(on_settled)), attempts_(kWorkers, WhenFull::Refuse) {
  threads_.emplace_back("notify", [this] { loop(); });
  for (std::size_t i = 0; i < kWorkers; ++i) threads_.emplace_back("webhook", [this] { work(); });
  threads_.emplace_back("webhook test", [this] {
    while (auto work = tries_.pop()) {
      if (!stopping_.is_raised()) (*work)();
    }
  });
}

Notifier::~Notifier() { stop(); }

void Notifier::stop() {
  stopping_.raise();
  tries_.close();
  attempts_.close();
  events_.close();
  threads_.clear();
  // Whoever waits for these is answered by what they destroy.
  while (tries_.try_pop()) {
  }
}

bool Notifier::send(Message message) { return events_.push(std::move(message)); }

bool Notifier::try_once(std::string uri, std::string body,
                        std::function<void(const Attempted&)> done) {
  return tries_.push([this, uri = std::move(uri), body = std::move(body), done = std::move(done)] {
    done(attempt(uri, body));
  });
}

NotifierStats Notifier::stats() const {
  return stats_.with([](const NotifierStats& stats) { return stats; });
}

void Notifier::loop() {
  while (!stopping_.is_raised()) {
    const auto due = deliveries_.due();
    const auto patience =
        due ? std::clamp<std::chrono::nanoseconds>(*due - clock_.now(), Milliseconds(0), kLookMax)
            : std::chrono::nanoseconds(kLookMax);
    // While all workers are busy, their answers are what is waited for.
    auto event = events_.pop_for(under_way_ < kWorkers ? patience : kLookMax);
    while (event) {
      std::visit([this](auto& each) { take_in(std::move(each)); }, *event);
      event = events_.try_pop();
    }
    hand_out();
    stats_.with([this](NotifierStats& stats) { stats.addresses = deliveries_.status(); });
  }
}

void Notifier::hand_out() {
  while (under_way_ < kWorkers) {
    auto message = deliveries_.next(clock_.now());
    if (!message) return;
    ++under_way_;
    attempts_.push(std::move(*message));
  }
}

void Notifier::take_in(const Done& done) {
  --under_way_;
  const auto settled =
      deliveries_.attempted(done.uri, done.attempt, clock_.now(), clock_.wall_now());
  const bool is_delivered = done.attempt.outcome == Attempted::Outcome::Delivered;
  stats_.with([&](NotifierStats& stats) {
    if (!settled) {
      ++stats.retries;
    } else if (is_delivered) {
      ++stats.delivered;
    } else {
      ++stats.given_up;
    }
  });
  if (!is_delivered) {
    log::warning("notify", fmt::format("{}: {}{}", host_part(done.uri), done.attempt.words,
                                       settled ? "; the notification is given up" : ""));
  }
  if (settled) on_settled_(settled->number);
}

void Notifier::work() {
  while (auto message = attempts_.pop()) {
    if (stopping_.is_raised()) return;
    Attempted attempted = attempt(message->uri, message->body);
    // A request that the end cut off says nothing of its address.
    if (stopping_.is_raised()) return;
    events_.push(Done{message->uri, std::move(attempted)});
  }
}

Attempted Notifier::attempt(const std::string& uri, const std::string& body) {
  io::HttpClientRequest request;
  request.method = "POST";
  request.url = uri;
  request.body = body;
  request.headers = {{"Content-Type", "application/json; charset=utf-8"},
                     {"User-Agent", "linewatch/" LW_VERSION}};
  request.timeout = kAttemptTimeout;
  request.response_bytes_max = kAnswerBytesMax;
  request.give_up = [this] { return stopping_.is_raised(); };
  // A connection that is kept would be the receiver's to end, between two alerts that are hours
  // apart.
  const auto answer = io::HttpClient().request(request);
  if (!answer) {
    return {Attempted::Outcome::TryAgain, std::nullopt, printable(answer.error().message, 300)};
  }
  return {outcome_of(answer->status), answer->status, fmt::format("answered {}", answer->status)};
}

}  // namespace lw::notify
