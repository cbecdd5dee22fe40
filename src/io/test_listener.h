// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/socket.h>

#include "base/files.h"
#include "base/thread.h"
#include "io/socket_address.h"

namespace lw::io {

/// For tests and benches only: a TCP port on every address of this machine that accepts and closes.
class TestListener {
 public:
  TestListener() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    SocketAddress local(IpAddress{}, 0);
    socklen_t size = SocketAddress::capacity();
    if (::bind(fd_.get(), local.data(), local.size()) == 0 && ::listen(fd_.get(), 4096) == 0 &&
        ::getsockname(fd_.get(), local.data(), &size) == 0) {
      port = port_of(local.data());
    }
    thread_ = Thread("test-listener", [fd = fd_.get()] {
      for (int client = 0; client >= 0;) {
        client = ::accept4(fd, nullptr, nullptr, SOCK_CLOEXEC);
        FileDescriptor closes(client);
      }
    });
  }
  ~TestListener() {
    ::shutdown(fd_.get(), SHUT_RDWR);
    thread_.join();
  }
  TestListener(const TestListener&) = delete;
  TestListener& operator=(const TestListener&) = delete;

  std::uint16_t port = 0;

 private:
  FileDescriptor fd_;
  Thread thread_;
};

}  // namespace lw::io
