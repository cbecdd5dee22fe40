// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "model/path.h"

namespace lw::topology {

/// `part` of `whole` in percent with Wilson's 95 % score interval (E. B. Wilson, "Probable
/// inference, the law of succession, and statistical inference", JASA 22, 1927), which holds for
/// few samples and for shares near 0 as well. All of 0–100 if `whole` is 0.
Share share_of(double part, double whole);

}  // namespace lw::topology
