// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/channel.h"
#include "base/guarded.h"
#include "base/thread.h"
#include "base/time.h"
#include "io/http_client.h"
#include "server/remote_write/settings.h"

namespace lw::server::remote_write {

/// What became of a target's samples since the start.
struct SenderStats {
  std::string target;
  std::uint64_t sent = 0;
  std::uint64_t refused = 0;                ///< by the receiver, for good (4xx): dropped
  std::uint64_t left_out = 0;               ///< too many waited already: dropped
  std::uint64_t retries = 0;                ///< requests that were made again
  std::uint64_t waiting = 0;                ///< samples not sent yet
  std::optional<Timestamp> oldest_waiting;  ///< when it was taken
  std::string problem;                      ///< why the last request failed; empty when all is well
};

/// Sends samples to one target, in their order, on a thread of its own. What the receiver refuses
/// for good (4xx but 429) is dropped and counted; while it is away, overloaded or slow (no answer,
/// 5xx, 429) the same request is made again after a growing wait, and what comes meanwhile waits,
/// up to a limit. Nothing outlives the process.
class Sender {
 public:
  using Batch = std::shared_ptr<const std::vector<Sample>>;
  /// `clock` must outlive it. Reads the authority's file.
  static Result<std::unique_ptr<Sender>> start(const Target& target, const Clock& clock);
  ~Sender();

  /// Any thread; never blocks. Cuts the samples into requests.
  void offer(const Batch& samples);
  /// Any thread.
  [[nodiscard]] SenderStats stats() const;

 private:
  /// Samples of a batch: what goes into one request.
  struct Part {
    Batch samples;
    std::size_t from = 0, to = 0;
    Timestamp taken{};
    [[nodiscard]] std::size_t size() const { return to - from; }
  };
  enum class Outcome { Sent, Refused, TryAgain };

  Sender(Target target, std::string authority_pem, const Clock& clock);
  void run();
  void deliver(const Part& part);
  Outcome post(const std::string& body);
  [[nodiscard]] Result<io::HttpClientRequest> request_with(const std::string& body) const;
  void note_problem(const std::string& problem);
  void settle(const Part& part, std::uint64_t SenderStats::*counter);
  void pause(Milliseconds wait);

  const Target target_;
  const std::string authority_pem_;
  const Clock& clock_;
  io::HttpClient client_;
  Milliseconds wait_at_least_{0};  ///< what the receiver asked for
  Guarded<SenderStats> stats_;
  Guarded<std::deque<Timestamp>> taken_;  ///< of the parts that wait, the oldest first
  Channel<Part> parts_;                   ///< control → sender
  Channel<int> stop_{1, WhenFull::Refuse};
  Flag stopping_;
  Thread thread_;
};

}  // namespace lw::server::remote_write
