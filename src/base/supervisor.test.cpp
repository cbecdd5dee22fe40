// SPDX-License-Identifier: Apache-2.0
#include "base/supervisor.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <map>

namespace lw {
namespace {

TEST(RestartDelay, DoublesUpToTenSeconds) {
  RestartDelay delay;
  std::vector<std::int64_t> waits;
  for (int i = 0; i < 9; ++i) waits.push_back(delay.after_run(Seconds(1)).count());
  EXPECT_EQ(waits,
            (std::vector<std::int64_t>{200, 400, 800, 1600, 3200, 6400, 10'000, 10'000, 10'000}));
}

TEST(RestartDelay, StartsAnewAfterAGoodRun) {
  RestartDelay delay;
  for (int i = 0; i < 9; ++i) (void)delay.after_run(Seconds(1));
  EXPECT_EQ(delay.after_run(Milliseconds(29'999)), Seconds(10));
  EXPECT_EQ(delay.after_run(Seconds(30)), Milliseconds(200));
}

/// Children that exist on paper only, and what has happened to them.
struct Paper {
  std::map<std::string, std::optional<std::string>> exits;
  std::vector<std::string> events;
  bool start_fails = false;

  class Child final : public SupervisedChild {
   public:
    Child(Paper& paper, std::string name) : paper_(paper), name_(std::move(name)) {}
    std::optional<std::string> exit() override { return paper_.exits[name_]; }
    void terminate(Milliseconds) override { paper_.events.push_back("stop " + name_); }
    [[nodiscard]] pid_t pid() const override { return 42; }

   private:
    Paper& paper_;
    std::string name_;
  };

  Supervisor::OnExit on_exit() {
    return [this](std::string_view name, std::string_view how) {
      events.push_back(std::string(name) + ": " + std::string(how));
    };
  }
  Supervisor::Spawn spawn() {
    return [this](const ChildSpecification& child) -> Result<std::unique_ptr<SupervisedChild>> {
      if (start_fails) return fail(ErrorCode::NotFound, "not there");
      events.push_back("start " + child.name);
      exits[child.name].reset();
      return std::make_unique<Child>(*this, child.name);
    };
  }
};

ChildSpecification named(const std::string& name) {
  ChildSpecification child;
  child.name = name;
  return child;
}

using Events = std::vector<std::string>;

TEST(Supervisor, StartsAChildAgainAfterTheDelay) {
  Paper paper;
  Supervisor supervisor(paper.on_exit(), paper.spawn());
  ManualClock clock;
  supervisor.add(named("store"));
  EXPECT_FALSE(supervisor.is_running("store"));
  supervisor.step(clock.now());
  EXPECT_TRUE(supervisor.is_running("store"));
  EXPECT_EQ(supervisor.pid("store"), 42);
  paper.exits["store"] = "exit code 1";
  supervisor.step(clock.now());
  EXPECT_FALSE(supervisor.is_running("store"));
  clock.advance(Milliseconds(199));
  supervisor.step(clock.now());
  EXPECT_EQ(paper.events, (Events{"start store", "store: exit code 1"}));
  clock.advance(Milliseconds(1));
  supervisor.step(clock.now());
  EXPECT_EQ(paper.events, (Events{"start store", "store: exit code 1", "start store"}));
  EXPECT_EQ(supervisor.restarts("store"), 1U);
}

TEST(Supervisor, WaitsLongerForAChildThatKeepsFailing) {
  Paper paper;
  Supervisor supervisor({}, paper.spawn());
  ManualClock clock;
  supervisor.add(named("store"));
  int starts = 0;
  for (int i = 0; i < 6000; ++i) {  // a minute in steps of 10 ms
    paper.events.clear();
    supervisor.step(clock.now());
    starts += static_cast<int>(paper.events.size());
    paper.exits["store"] = "exit code 1";
    clock.advance(Milliseconds(10));
  }
  // 0.2 + 0.4 + … + 6.4 s are 12.6 s, then every 10 s.
  EXPECT_EQ(starts, 11);
}

TEST(Supervisor, TreatsAFailedStartLikeAnExit) {
  Paper paper;
  paper.start_fails = true;
  Supervisor supervisor(paper.on_exit(), paper.spawn());
  ManualClock clock;
  supervisor.add(named("store"));
  supervisor.step(clock.now());
  supervisor.step(clock.now());
  EXPECT_EQ(paper.events, Events{"store: not there"});
  paper.start_fails = false;
  clock.advance(Seconds(1));
  supervisor.step(clock.now());
  EXPECT_TRUE(supervisor.is_running("store"));
}

TEST(Supervisor, StopsInReverseOrder) {
  Paper paper;
  Supervisor supervisor(paper.on_exit(), paper.spawn());
  for (const char* name : {"store", "server", "agent"}) supervisor.add(named(name));
  supervisor.step(Instant());
  paper.events.clear();
  supervisor.stop();
  EXPECT_EQ(paper.events, (Events{"stop agent", "stop server", "stop store"}));
  supervisor.step(Instant());
  EXPECT_EQ(paper.events.size(), 3U) << "nothing starts again";
}

TEST(Supervisor, RevivesARealChildThatWasKilled) {
  Supervisor supervisor;
  const SystemClock clock;
  ChildSpecification child = named("sleeper");
  child.arguments = {"sleep", "1000"};
  supervisor.add(child);
  supervisor.step(clock.now());
  const pid_t first = supervisor.pid("sleeper");
  ASSERT_GT(first, 0);
  ::kill(first, SIGKILL);
  pid_t second = first;
  for (int i = 0; i < 20'000 && (second == first || second == 0); ++i) {
    supervisor.step(clock.now());
    second = supervisor.pid("sleeper");
    ::usleep(1000);
  }
  EXPECT_GT(second, 0);
  EXPECT_NE(second, first);
  supervisor.stop();
  EXPECT_EQ(::kill(second, 0), -1);
}

}  // namespace
}  // namespace lw
