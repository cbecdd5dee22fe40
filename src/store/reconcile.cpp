// SPDX-License-Identifier: Apache-2.0
#include "store/reconcile.h"

#include "base/number.h"
#include "base/text.h"
#include "store/hours.h"
#include "store/round_rows.h"
#include "store/schema.h"

namespace lw::store {

namespace {

// The rounds of the batch that `rounds` has not. The range of times and tests keeps it to the
// granules that can have them.
constexpr std::string_view kMissingRounds = R"( FROM doubtful
WHERE (agent_id, spool_id, sequence) NOT IN
  (SELECT agent_id, spool_id, sequence FROM rounds
   WHERE ts >= (SELECT min(ts) FROM doubtful) AND ts <= (SELECT max(ts) FROM doubtful)
     AND test_id IN (SELECT test_id FROM doubtful)))";

// The minutes that count fewer rounds than there are, by at least those of this batch. `rounds`
// must be complete. A part of m1 takes all rounds of a batch and minute or none.
constexpr std::string_view kMissingMinutes = R"(
SELECT batch.t, batch.test_id, batch.keep_days
FROM (SELECT toStartOfMinute(toDateTime(ts, 'UTC')) AS t, test_id, keep_days, count() AS n
      FROM doubtful GROUP BY t, test_id, keep_days) AS batch
LEFT JOIN (SELECT toStartOfMinute(toDateTime(ts, 'UTC')) AS t, test_id, keep_days, count() AS n
      FROM rounds
      WHERE ts >= toStartOfMinute((SELECT min(ts) FROM doubtful))
        AND ts < toStartOfMinute((SELECT max(ts) FROM doubtful)) + INTERVAL 1 MINUTE
        AND test_id IN (SELECT test_id FROM doubtful)
      GROUP BY t, test_id, keep_days) AS had
  ON batch.t = had.t AND batch.test_id = had.test_id AND batch.keep_days = had.keep_days
LEFT JOIN (SELECT t, test_id, keep_days, sum(rounds) AS n FROM m1
      WHERE t >= toStartOfMinute((SELECT min(ts) FROM doubtful))
        AND t <= (SELECT max(ts) FROM doubtful)
        AND test_id IN (SELECT test_id FROM doubtful)
      GROUP BY t, test_id, keep_days) AS counted
  ON batch.t = counted.t AND batch.test_id = counted.test_id
    AND batch.keep_days = counted.keep_days
WHERE counted.n + batch.n <= had.n)";

// The rounds of all hours that the batch has a part in; the pairs are a prefix of the table's key.
constexpr std::string_view kRoundsOfHours = R"((SELECT * FROM rounds
  WHERE (toStartOfHour(ts), test_id) IN (SELECT toStartOfHour(ts), test_id FROM doubtful)))";

// The hours that do not count their rounds. They can also count too many: a view that was made by
// an upgrade does not know the tokens of before. `rounds` must be complete.
std::string wrong_hours() {
  return "SELECT had.t, had.test_id, had.keep_days FROM (SELECT toStartOfHour(ts) AS t, test_id, "
         "keep_days, count() AS n FROM " +
         std::string(kRoundsOfHours) +
         " GROUP BY t, test_id, keep_days) AS had LEFT JOIN (SELECT t, test_id, keep_days, "
         "sum(rounds) AS n FROM h1 WHERE (test_id, t) IN (SELECT test_id, toStartOfHour(ts) FROM "
         "doubtful) GROUP BY t, test_id, keep_days) AS counted ON had.t = counted.t AND "
         "had.test_id = counted.test_id AND had.keep_days = counted.keep_days "
         "WHERE counted.n != had.n";
}

// What is put back may be what was put back before and was lost again.
const NamedValues kEvenIfKnown{{"insert_deduplicate", "0"}};

Result<std::uint64_t> number(Client& client, const std::string& sql) {
  const std::string answer = TRY(client.query(sql));
  const std::string_view text = trim(answer);
  const auto value = parse_number<std::uint64_t>(text);
  if (!value) {
    return fail(ErrorCode::Internal,
                "the store gave `" + std::string(text) + "` where a number was asked for");
  }
  return *value;
}

/// Unavailable while an insert of rounds, whose client may long be gone, is still at work.
Result<void> check_nothing_runs(Client& client) {
  const std::uint64_t running =
      TRY(number(client,
                 "SELECT count() FROM system.processes WHERE query_kind = 'Insert' AND "
                 "match(query, '^INSERT INTO (arrivals|rounds|m1|h1)')"));
  if (running == 0) return {};
  return fail(ErrorCode::Unavailable, "an earlier insert of rounds is still running");
}

/// Makes the wrong hours anew; how many there were. They are written down first: a mutation asks
/// its question again for each part of the table, and half of a deletion may make an hour's count
/// right.
Result<std::uint64_t> restore_hours(Client& client) {
  TRY(client.query("TRUNCATE TABLE wrong_hours"));
  TRY(client.query("INSERT INTO wrong_hours " + wrong_hours()));
  const std::uint64_t count = TRY(number(client, "SELECT count() FROM wrong_hours"));
  if (count == 0) return count;
  const std::string are_wrong =
      " WHERE (t, test_id, keep_days) IN (SELECT t, test_id, keep_days FROM wrong_hours)";
  // Cut off after this, the hours have no rounds at all and are found again.
  TRY(client.query("ALTER TABLE h1 DELETE" + are_wrong, {}, {{"mutations_sync", "1"}}));
  TRY(client.query("INSERT INTO h1 SELECT * FROM (" + hours_of(kRoundsOfHours) + ")" + are_wrong,
                   {}, kEvenIfKnown));
  return count;
}

}  // namespace

Result<Reconciled> reconcile(Client& client, const std::string& payload) {
  TRY(check_nothing_runs(client));
  TRY(client.query("TRUNCATE TABLE doubtful"));
  TRY(client.insert("INSERT INTO doubtful (" + round_columns() + ") FORMAT Native", payload));
  Reconciled done;
  const std::string missing(kMissingRounds);
  done.rounds = TRY(number(client, "SELECT count()" + missing));
  if (done.rounds > 0) {
    TRY(client.query("INSERT INTO rounds (" + kept_round_columns() + ") SELECT " +
                         kept_round_columns() + missing,
                     {}, kEvenIfKnown));
  }
  const std::string minutes(kMissingMinutes);
  done.minutes = TRY(number(client, "SELECT count() FROM (" + minutes + ")"));
  if (done.minutes > 0) {
    TRY(client.query("INSERT INTO m1 SELECT * FROM (" + minutes_of("doubtful") +
                         ") WHERE (t, test_id, keep_days) IN (" + minutes + ")",
                     {}, kEvenIfKnown));
  }
  done.hours = TRY(restore_hours(client));
  TRY(client.query("TRUNCATE TABLE doubtful"));
  return done;
}

}  // namespace lw::store
