// SPDX-License-Identifier: Apache-2.0
#include "io/receive_buffer.h"

#include <sys/socket.h>

namespace lw::io {

void enlarge_receive_buffer(int fd, int bytes) {
  // FORCE needs CAP_NET_ADMIN and ignores the system's limit; the other gets as much as allowed.
  if (::setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes) != 0) {
    ::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
  }
}

void drain(int fd) {
  char byte = 0;
  while (::recv(fd, &byte, sizeof byte, MSG_DONTWAIT) >= 0) {
  }
}

}  // namespace lw::io
