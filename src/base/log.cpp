// SPDX-License-Identifier: Apache-2.0
#include "base/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <cstdlib>
#include <memory>
#include <string>

#include "base/assert.h"

namespace lw {
namespace log {
namespace {

spdlog::level::level_enum to_spdlog(Level level) {
  switch (level) {
    case Level::Debug:
      return spdlog::level::debug;
    case Level::Info:
      return spdlog::level::info;
    case Level::Warning:
      return spdlog::level::warn;
    case Level::Error:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

Level level_from_environment() {
  const char* const wanted = std::getenv("LINEWATCH_LOG");
  const std::string text = wanted == nullptr ? "" : wanted;
  if (text == "debug") return Level::Debug;
  if (text == "warning") return Level::Warning;
  if (text == "error") return Level::Error;
  return Level::Info;
}

spdlog::logger& logger() {
  // Never destroyed: threads may still log while the process ends.
  static spdlog::logger& instance = *[] {
    auto* created =
        new spdlog::logger("linewatch", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    created->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %-7l %v", spdlog::pattern_time_type::utc);
    created->set_level(to_spdlog(level_from_environment()));
    created->flush_on(spdlog::level::debug);
    return created;
  }();
  return instance;
}

}  // namespace

void set_level(Level level) { logger().set_level(to_spdlog(level)); }

void write(Level level, std::string_view part, std::string_view message) {
  logger().log(to_spdlog(level), "{}: {}", part, message);
}

}  // namespace log

void assertion_failed(const char* condition, const char* file, int line) {
  log::error("assert",
             std::string(condition) + " is false at " + file + ":" + std::to_string(line));
  std::abort();
}

}  // namespace lw
