// SPDX-License-Identifier: Apache-2.0
#include "store/refusals.h"

#include <algorithm>
#include <array>

namespace lw::store {

namespace {

// ClickHouse's numbers for data that is itself wrong: text, numbers or times that do not parse (6,
// 25 to 27, 38, 41, 72, 117, 130, 467), blocks that end early or do not fit together (9, 32, 33,
// 190), values outside of their type (53, 69, 70, 321, 349, 386, 407, 469), and arrays and texts
// that are too large (128, 131). Everything else may pass, so it is tried again for ever.
constexpr std::array kWrongData = {6,  9,   25,  26,  27,  32,  33,  38,  41,  53,  69,  70,
                                   72, 117, 128, 130, 131, 190, 321, 349, 386, 407, 467, 469};

}  // namespace

bool Refusals::add(const Error& error, int number, Instant now) {
  const bool is_full = error.code == ErrorCode::NoSpace;
  if (is_full || std::ranges::find(kWrongData, number) == kWrongData.end()) {
    last_.reset();
    return false;
  }
  if (last_) lasted_ += now - *last_;
  last_ = now;
  return lasted_ >= longest_;
}

}  // namespace lw::store
