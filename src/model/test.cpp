// SPDX-License-Identifier: Apache-2.0
#include "model/test.h"

#include "base/hash.h"

namespace lw {

std::string Test::full_name() const {
  const std::string name = connection_monitor + "/" + test_group + "/" + source + "/" + destination;
  return configuration ? name + "/" + configuration->name : name;
}

TestId test_id(std::string_view connection_monitor, std::string_view test_group,
               std::string_view source, std::string_view destination,
               std::string_view test_configuration) {
  return TestId{
      stable_hash({connection_monitor, test_group, source, destination, test_configuration})};
}

}  // namespace lw
