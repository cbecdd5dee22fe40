// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace lw::io {

/// Room for `bytes` of packets (with the kernel's overhead) that arrive while the loop does
/// something else. With CAP_NET_ADMIN beyond the system's limit, else as much as it allows.
void enlarge_receive_buffer(int fd, int bytes);

/// Throws away what has come so far: before the socket had its filter, nobody had asked for it.
void drain(int fd);

}  // namespace lw::io
