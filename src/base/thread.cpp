// SPDX-License-Identifier: Apache-2.0
#include "base/thread.h"

#include <pthread.h>

#include <cstdlib>
#include <exception>

#include "base/log.h"

namespace lw {

Thread::Thread(std::string name, std::function<void()> body)
    : thread_([name = std::move(name), body = std::move(body)] {
        ::pthread_setname_np(::pthread_self(), name.substr(0, 15).c_str());
        try {
          body();
        } catch (const std::exception& failure) {
          log::error(name, std::string("stopped by an exception: ") + failure.what());
          std::abort();
        }
      }) {}

void Thread::join() {
  if (thread_.joinable()) thread_.join();
}

}  // namespace lw
