// SPDX-License-Identifier: Apache-2.0
#include "store/host/reaper.h"

#include <vector>

#include "base/log.h"
#include "base/random.h"
#include "base/time.h"

namespace lw::store::host {
namespace {

constexpr Milliseconds kLookEvery{200};

}  // namespace

Reaper::Reaper(const Engine& engine) : engine_(engine) {
  thread_ = Thread("reaper", [this] { run(); });
}

Reaper::~Reaper() {
  work_.close();
  thread_.join();
}

std::string Reaper::name_of(std::uint64_t id) {
  // No client can write the name of another's statement: it does not know this run's key.
  static const std::string kKey = random_uuid();
  return "statement " + kKey + "-" + std::to_string(id) + ".";
}

std::unique_ptr<Reaper::Watch> Reaper::watch(std::function<bool()> is_gone) {
  const std::uint64_t id = state_.with([&](State& state) {
    state.watched[++state.last] = std::move(is_gone);
    return state.last;
  });
  work_.push(true);
  return std::make_unique<Watch>(*this, id);
}

void Reaper::forget(std::uint64_t id) {
  state_.with([&](State& state) { state.watched.erase(id); });
}

void Reaper::end(Connection& connection, std::uint64_t id) const {
  // ASYNC: waiting for the end would never return (the statement stays listed until the next one
  // on its connection).
  const std::string sql = "KILL QUERY WHERE position(query, '" + name_of(id) +
                          "') > 0 AND query NOT LIKE 'KILL QUERY%' ASYNC";
  if (const Answer answer = connection.query({sql, "Null", {}}); answer.code != 0) {
    log::warning("store", "a query that nobody waits for goes on: " + answer.error);
  }
}

void Reaper::run() {
  std::unique_ptr<Connection> connection;
  while (work_.pop()) {
    while (!work_.is_closed()) {
      auto watched = state_.with([](const State& state) { return state.watched; });
      if (watched.empty()) break;
      for (const auto& [id, is_gone] : watched) {
        if (!is_gone()) continue;
        if (!connection) connection = engine_.connect(Role::Writer, {}).value_or(nullptr);
        if (connection) end(*connection, id);
      }
      watched.clear();
      work_.pop_for(kLookEvery);
    }
  }
}

}  // namespace lw::store::host
