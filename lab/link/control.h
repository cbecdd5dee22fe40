// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

#include "base/result.h"
#include "link/tunnel.h"

namespace lw::lab {

/// A Unix datagram socket at which anybody with access to its path changes or reads the link's
/// settings: one datagram in, one out to the sender's address (which it must have bound).
class Control {
 public:
  /// Replaces whatever is at `path`; removes it at the end.
  static Result<Control> open(const std::string& path);
  Control(Control&&) = default;
  Control& operator=(Control&&) = delete;
  ~Control();

  [[nodiscard]] int descriptor() const { return socket_.get(); }
  /// Answers each waiting datagram with what `answer` makes of it.
  void serve(const std::function<std::string(const std::string&)>& answer);

 private:
  Control(Descriptor socket, std::string path)
      : socket_(std::move(socket)), path_(std::move(path)) {}

  Descriptor socket_;
  std::string path_;
};

}  // namespace lw::lab
