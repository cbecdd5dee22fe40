// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/channel.h"
#include "base/files.h"
#include "base/guarded.h"
#include "base/test_times.h"
#include "base/thread.h"
#include "io/http_server.h"
#include "store/batch_journal.h"
#include "store/round_writer.h"

namespace lw::store {

inline constexpr AgentId kAgent{7};
inline constexpr SpoolId kSpool{9};

/// A ClickHouse that takes inserts as told: each answer is a status and a code; 200 when none is
/// left. Remembers what was sent, and what it "has" by token.
class FakeStore {
 public:
  struct Insert {
    std::string token;
    std::string body;
    int status = 200;
  };

  FakeStore() {
    server_ =
        io::HttpServer::start({}, [this](io::HttpRequest request, io::HttpResponder responder) {
          answer(std::move(request), responder);
        }).value();
  }
  void plan(std::vector<std::pair<int, int>> answers) {
    answers_.with([&](auto& planned) { planned = std::move(answers); });
  }
  ClientConfig config() const {
    ClientConfig config;
    config.url = "http://127.0.0.1:" + std::to_string(server_->port());
    config.timeout = Milliseconds(5000);
    return config;
  }
  /// The next insert that came.
  Insert next() {
    auto insert = inserts_.pop_for(kPatience);
    EXPECT_TRUE(insert.has_value()) << "no insert came";
    return insert.value_or(Insert{});
  }
  /// Calls `action` once, before the next answer.
  void during_insert(std::function<void()> action) {
    action_.with([&](auto& now) { now = std::move(action); });
  }
  std::size_t waiting() const { return inserts_.stats().depth; }
  /// Statements other than inserts of batches.
  std::uint64_t checks() const { return checks_.value(); }

 private:
  void answer(io::HttpRequest request, const io::HttpResponder& responder) {
    // What asks whether a batch is complete; here it always is.
    if (!request.parameter("query").starts_with("INSERT INTO arrivals (")) {
      checks_.add();
      return responder.send({200, {}, request.body.starts_with("SELECT count()") ? "0\n" : ""});
    }
    const auto [status, code] = answers_.with([](auto& planned) {
      if (planned.empty()) return std::pair(200, 0);
      const auto first = planned.front();
      if (planned.size() > 1) planned.erase(planned.begin());
      return first;
    });
    EXPECT_EQ(request.parameter("deduplicate_blocks_in_dependent_materialized_views"), "1");
    if (const auto action = action_.with([](auto& now) { return std::exchange(now, {}); })) {
      action();
    }
    inserts_.push({request.parameter("insert_deduplication_token"), request.body, status});
    io::HttpResponse response;
    response.status = status;
    if (code != 0) {
      response.headers = {{"X-ClickHouse-Exception-Code", std::to_string(code)}};
      response.body = "Code: " + std::to_string(code) + ". DB::Exception: as planned. (PLANNED)";
    }
    responder.send(std::move(response));
  }

  Counter checks_;
  Guarded<std::vector<std::pair<int, int>>> answers_;
  Guarded<std::function<void()>> action_;
  Channel<Insert> inserts_{1000, WhenFull::Refuse};
  std::unique_ptr<io::HttpServer> server_;
};

class RoundWriterTest : public testing::Test {
 protected:
  RoundWriterTest() {
    char name[] = "/tmp/lw-writer-XXXXXX";
    config_.directory = std::string(::mkdtemp(name)) + "/w";
    config_.max_delay = Milliseconds(20);
    config_.retry_first = Milliseconds(1);
    config_.retry_longest = Milliseconds(5);
  }
  ~RoundWriterTest() override {
    std::filesystem::remove_all(std::filesystem::path(config_.directory).parent_path());
  }

  std::unique_ptr<RoundWriter> open() {
    auto writer = RoundWriter::open(config_, store_.config(), clock_,
                                    [this](AgentId agent, SpoolId spool, std::uint64_t sequence) {
                                      EXPECT_TRUE(agent == kAgent || is_any_spool_);
                                      EXPECT_TRUE(spool == kSpool || is_any_spool_);
                                      durable_.push(sequence);
                                    });
    EXPECT_TRUE(writer.has_value()) << writer.error().message;
    return std::move(*writer);
  }
  static std::vector<StoredRound> rounds(std::uint64_t first, std::uint64_t last) {
    std::vector<StoredRound> list;
    for (std::uint64_t sequence = first; sequence <= last; ++sequence) {
      StoredRound stored;
      stored.round.test = {1};
      stored.round.started = from_unix_us(1'800'000'000'000'000);
      stored.round.checks = {{CheckOutcome::Success, Microseconds(500), Microseconds(0)}};
      stored.origin = {kAgent, kSpool, sequence};
      list.push_back(std::move(stored));
    }
    return list;
  }
  /// Waits for the next report and returns it; 0 if none came.
  std::uint64_t durable() { return durable_.pop_for(kPatience).value_or(0); }

  RoundWriterConfig config_;
  bool is_any_spool_ = false;  ///< Set before the writer is opened.
  SystemClock clock_;
  FakeStore store_;
  Channel<std::uint64_t> durable_{1000, WhenFull::Refuse};
};

}  // namespace lw::store
