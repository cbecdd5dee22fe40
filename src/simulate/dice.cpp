// SPDX-License-Identifier: Apache-2.0
#include "simulate/dice.h"

#include <cmath>
#include <numbers>

namespace lw::simulate {
namespace {

constexpr std::uint64_t kStep = 0x9e3779b97f4a7c15;

std::uint64_t finish(std::uint64_t value) {
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
  value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
  return value ^ (value >> 31);
}

}  // namespace

Dice::Dice(std::initializer_list<std::uint64_t> key) : state_(kStep) {
  for (const std::uint64_t part : key) state_ = finish(state_ ^ part) + kStep;
}

std::uint64_t Dice::next() {
  state_ += kStep;
  return finish(state_);
}

double Dice::uniform() {
  // The 53 bits that a double holds.
  return static_cast<double>(next() >> 11) * 0x1p-53;
}

double Dice::spread(double low, double high) { return low * std::pow(high / low, uniform()); }

double Dice::normal() {
  // Box and Muller; 1 - u is never 0.
  const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));
  return radius * std::cos(2.0 * std::numbers::pi * uniform());
}

double Dice::exponential(double mean) { return -mean * std::log(1.0 - uniform()); }

std::uint64_t mix(std::initializer_list<std::uint64_t> key) { return Dice(key).next(); }

}  // namespace lw::simulate
