// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <cstdio>
#include <map>
#include <string>
#include <vector>

#include "base/environment.h"
#include "base/number.h"
#include "base/random.h"
#include "round_model.h"
#include "store/client.h"
#include "store/schema.h"

/// store_load_bench: fills a running linewatch-store, at this program's schema, with the rounds of
/// a model (round_model.h), as the server's writer sends them: Native blocks of 10,000 rows with
/// tokens. The password is in LINEWATCH_STORE_PASSWORD. Prints one line of what it did.
namespace lw::store_bench {
namespace {

constexpr std::size_t kBatch = 10'000;

struct Options {
  ModelOptions model;
  std::string url;
  int intervals = 1'000;
};

int misuse() {
  std::fputs(
      "store_load_bench url=http://127.0.0.1:PORT [from=2026-01-31T00:00:00Z] [tests=10000] "
      "[interval=60] [intervals=1000] [keep=365] [seed=1]\n",
      stderr);
  return 2;
}

std::optional<Options> read_options(int argc, char** argv) {
  std::map<std::string, std::string> given{{"from", "2026-01-31T00:00:00Z"},
                                           {"tests", "10000"},
                                           {"interval", "60"},
                                           {"intervals", "1000"},
                                           {"keep", "365"},
                                           {"seed", "1"}};
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    const auto sign = word.find('=');
    if (sign == std::string::npos) return std::nullopt;
    given[word.substr(0, sign)] = word.substr(sign + 1);
  }
  Options options;
  options.url = given["url"];
  const auto from = parse_iso8601(given["from"]);
  const auto tests = parse_number<int>(given["tests"]),
             interval = parse_number<int>(given["interval"]),
             intervals = parse_number<int>(given["intervals"]),
             keep = parse_number<int>(given["keep"]);
  const auto seed = parse_number<std::uint64_t>(given["seed"]);
  if (options.url.empty() || !from || !tests || !interval || !intervals || !keep || !seed) {
    return std::nullopt;
  }
  options.model = {.tests = *tests,
                   .interval = Seconds(*interval),
                   .from = *from,
                   .keep_days = static_cast<std::uint16_t>(*keep),
                   .seed = *seed};
  options.intervals = *intervals;
  return options;
}

Result<std::size_t> load(store::Client& client, RoundModel& model, int intervals) {
  const std::string sql = "INSERT INTO arrivals (" + store::round_columns() + ") FORMAT Native";
  std::vector<store::StoredRound> waiting;
  std::size_t rows = 0;
  for (int i = 0; i < intervals; ++i) {
    for (store::StoredRound& round : model.next()) waiting.push_back(std::move(round));
    if (waiting.size() < kBatch && i + 1 < intervals) continue;
    rows += waiting.size();
    for (std::size_t at = 0; at < waiting.size(); at += kBatch) {
      const auto count = std::min(kBatch, waiting.size() - at);
      TRY(client.insert(sql, store::encode_native(std::span(waiting).subspan(at, count)),
                        random_uuid()));
    }
    waiting.clear();
  }
  return rows;
}

int run(int argc, char** argv) {
  const auto options = read_options(argc, argv);
  if (!options) return misuse();
  store::ClientConfig config;
  config.url = options->url;
  config.password = environment_variable("LINEWATCH_STORE_PASSWORD").value_or("");
  config.timeout = Milliseconds(600'000);
  store::Client client(config);
  const SystemClock clock;
  const auto begun = clock.now();
  if (const auto migrated = store::migrate(client, clock); !migrated) {
    std::fprintf(stderr, "store_load_bench: %s\n", migrated.error().message.c_str());
    return 1;
  }
  RoundModel model(options->model);
  const auto rows = load(client, model, options->intervals);
  if (!rows) {
    std::fprintf(stderr, "store_load_bench: %s\n", rows.error().message.c_str());
    return 1;
  }
  const double seconds = std::chrono::duration<double>(clock.now() - begun).count();
  std::printf("%zu rounds, %llu checks, %.2f %% lost, in %.1f s: %.0f rounds/s\n", *rows,
              static_cast<unsigned long long>(model.checks()),
              100.0 * static_cast<double>(model.lost()) / static_cast<double>(model.checks()),
              seconds, static_cast<double>(*rows) / seconds);
  return 0;
}

}  // namespace
}  // namespace lw::store_bench

int main(int argc, char** argv) { return lw::store_bench::run(argc, argv); }
