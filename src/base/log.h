// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace lw::log {

enum class Level { Debug, Info, Warning, Error };

/// Lines below this level are dropped. Default: Info, or what LINEWATCH_LOG says.
void set_level(Level level);

/// One line on standard error: time, level, part of the program, message. Thread-safe. May block on
/// a slow terminal, never on a disk of ours.
void write(Level level, std::string_view part, std::string_view message);

inline void debug(std::string_view part, std::string_view message) {
  write(Level::Debug, part, message);
}
inline void info(std::string_view part, std::string_view message) {
  write(Level::Info, part, message);
}
inline void warning(std::string_view part, std::string_view message) {
  write(Level::Warning, part, message);
}
inline void error(std::string_view part, std::string_view message) {
  write(Level::Error, part, message);
}

}  // namespace lw::log
