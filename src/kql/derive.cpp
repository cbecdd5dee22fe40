// SPDX-License-Identifier: Apache-2.0
#include "kql/derive.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "kql/aggregate_states.h"
#include "kql/derive_parts.h"
#include "kql/sql_text.h"

namespace lw::kql {
namespace {

/// A column that follows from a key's, as SQL of it and of what is looked up of it.
struct Derived {
  std::string sql;
  int key = 0;
  const TableKey* lookup = nullptr;
  bool is_own = false;  ///< A column of the table as it is.
};
using DerivedColumns = std::map<int, Derived>;

/// A plan that gives keys instead of what follows from them.
struct Stage {
  PlanPtr plan;
  DerivedColumns derived;
  PlanPtr scan;  ///< The table read, as long as rows can be filtered there instead.
};

/// Longer expressions are computed where they stand: they would be repeated in others.
constexpr std::size_t kSqlBytesMax = 4'000;

class Deriver {
 public:
  explicit Deriver(int largest_id) : last_id_(largest_id) {}

  PlanPtr whole(const Plan& plan) {
    Stage stage = visit(plan);
    compute_all(stage);
    return stage.plan;
  }

 private:
  int new_id() { return ++last_id_; }

  Stage visit(const Plan& plan) {
    if (plan.table != nullptr) return visit_table(plan);
    auto copy = std::make_shared<Plan>(plan);
    if (plan.input && !plan.right) {
      Stage input = visit(*plan.input);
      return plan.is_aggregate ? visit_groups(std::move(copy), std::move(input))
                               : visit_rows(std::move(copy), std::move(input));
    }
    for (PlanPtr* input : {&copy->input, &copy->right}) {
      if (*input) *input = whole(**input);
    }
    for (PlanPtr& branch : copy->branches) branch = whole(*branch);
    return {.plan = std::move(copy), .derived = {}, .scan = nullptr};
  }

  /// The items of a table's plan are its columns, in order, and then its keys.
  Stage visit_table(const Plan& plan) {
    Stage stage{.plan = std::make_shared<Plan>(plan), .derived = {}, .scan = nullptr};
    stage.scan = stage.plan;
    const Table& table = *plan.table;
    for (std::size_t i = 0; i < table.columns.size(); ++i) {
      if (table.columns[i].key < 0) continue;
      const auto key = static_cast<std::size_t>(table.columns[i].key);
      const int id = plan.items[table.columns.size() + key].id;
      const TableKey& lookup = table.keys[key];
      stage.derived[plan.items[i].id] = {of_key(plan.items[i].sql, lookup.sql, sql_column(id)), id,
                                         &lookup, true};
    }
    return stage;
  }

  /// The key that all of the columns follow from; nothing if there is none.
  static std::optional<Derived> key_of(const std::set<int>& ids, const DerivedColumns& derived) {
    std::optional<Derived> key;
    for (const int id : ids) {
      const auto found = derived.find(id);
      if (found == derived.end() || (key && key->key != found->second.key)) return std::nullopt;
      key = found->second;
    }
    return key;
  }

  static std::map<int, std::string> texts_of(const DerivedColumns& derived) {
    std::map<int, std::string> texts;
    for (const auto& [id, column] : derived) texts[id] = column.sql;
    return texts;
  }

  static void add_derived(std::set<int>& to, const std::set<int>& ids,
                          const DerivedColumns& derived) {
    for (const int id : ids) {
      if (derived.contains(id)) to.insert(id);
    }
  }

  /// From here on these columns are there, in a stage for each key.
  void compute(Stage& stage, const std::set<int>& ids) {
    std::map<int, PlanPtr> by_key;
    for (const int id : ids) {
      const auto found = stage.derived.find(id);
      if (found == stage.derived.end()) continue;
      const Derived& column = found->second;
      PlanPtr& plan = by_key[column.key];
      if (!plan) {
        plan = std::make_shared<Plan>();
        plan->input = stage.plan;
        plan->lookup = column.lookup;
        plan->lookup_key = column.key;
        stage.plan = plan;
      }
      plan->items.push_back({id, column.sql});
    }
    for (const int id : ids) stage.derived.erase(id);
  }

  void compute_all(Stage& stage) {
    std::set<int> ids;
    for (const auto& [id, column] : stage.derived) ids.insert(id);
    compute(stage, ids);
  }

  // ---- row by row ----

  Stage visit_rows(PlanPtr plan, Stage input) {
    Stage stage{.plan = plan, .derived = {}, .scan = input.scan};
    if (!plan->is_closed) stage.derived = input.derived;
    std::set<int> now;  // What must be there before this stage.
    std::set<int> placed;
    for (const int id : columns_in(plan->array_join)) placed.insert(id);
    for (const PlanOrder& key : plan->order) placed.insert(key.id);
    placed.insert(plan->limit_by.begin(), plan->limit_by.end());
    placed.insert(plan->group_by.begin(), plan->group_by.end());
    add_derived(now, placed, input.derived);
    choose_rows(*plan, input, now);
    std::vector<PlanItem> items;
    for (PlanItem& item : plan->items) {
      const std::set<int> reads = columns_of(item);
      const auto key = reads.empty() ? std::nullopt : key_of(reads, input.derived);
      const bool is_late = key && item.members.empty() && !plan->is_pinned &&
                           !placed.contains(item.id) && is_repeatable(item.sql);
      std::string sql = is_late ? replace_columns(item.sql, texts_of(input.derived)) : "";
      stage.derived.erase(item.id);
      if (is_late && sql.size() <= kSqlBytesMax) {
        stage.derived[item.id] = {std::move(sql), key->key, key->lookup};
        if (plan->is_closed) items.push_back({key->key, sql_column(key->key)});
      } else {
        add_derived(now, reads, input.derived);
        items.push_back(std::move(item));
      }
    }
    plan->items = std::move(items);
    compute(input, now);
    for (const int id : now) {
      if (!plan->is_closed) stage.derived.erase(id);
    }
    plan->input = std::move(input.plan);
    if (!plan->limit.empty() || plan->is_pinned || !plan->array_join.empty()) stage.scan = nullptr;
    return stage;
  }

  /// Conditions on what follows from a key choose keys, at the table if that is still allowed.
  void choose_rows(Plan& plan, Stage& input, std::set<int>& now) {
    std::vector<PlanPredicate> where;
    for (PlanPredicate& predicate : plan.where) {
      const auto ids = columns_in(predicate.sql);
      const std::set<int> reads(ids.begin(), ids.end());
      const auto key = reads.empty() ? std::nullopt : key_of(reads, input.derived);
      std::string condition;
      if (key && key->lookup->condition && is_repeatable(predicate.sql)) {
        auto texts = texts_of(input.derived);
        std::string looked = replace_columns(replace_columns(predicate.sql, texts),
                                             {{key->key, key->lookup->looked}});
        const bool at_table = input.scan != nullptr && !plan.is_pinned;
        const bool needs_values = predicate.needs_values && reads.size() == 1 && key->is_own;
        condition = key->lookup->condition(at_table ? key->lookup->at_rows : sql_column(key->key),
                                           looked, needs_values);
        if (at_table && !condition.empty()) {
          input.scan->conditions.push_back(std::move(condition));
          continue;
        }
      }
      if (condition.empty()) {
        add_derived(now, reads, input.derived);
        where.push_back(std::move(predicate));
      } else {
        where.push_back({std::move(condition)});
      }
    }
    plan.where = std::move(where);
  }

  // ---- groups ----

  /// An aggregation in two steps: by keys, then by what follows from them.
  struct Steps {
    std::set<int> groups;           ///< Of the whole.
    std::vector<PlanItem> states;   ///< Of the first step.
    std::vector<PlanItem> results;  ///< Of the second.
    std::set<int> behind;           ///< Columns that the second step reads, which follow from keys.
    std::set<int> now;              ///< Columns that each row needs.
    std::map<std::string, int> known;
    bool are_large = false;  ///< The states.
  };

  /// A tuple of one row's values, of which some follow from keys that are in the tuple `from`.
  struct Tuple {
    int id = 0, from = 0;
    std::map<int, PlanItem> keys;  ///< By the key of the rows: the member, as a column.
    int lookup_key = 0;
    const TableKey* lookup = nullptr;
    std::vector<std::string> members;
  };

  /// Rows have keys in their tuple instead of what follows from them: the tuple is made of one row.
  void keep_keys(PlanItem& item, const Stage& input, std::vector<Tuple>& tuples) {
    Tuple tuple;
    tuple.id = item.id;
    tuple.from = new_id();
    const std::string from = sql_column(tuple.from) + ".";
    std::vector<std::string> kept = item.members;
    for (std::size_t i = 0; i < item.members.size(); ++i) {
      const std::string& member = item.members[i];
      const auto ids = columns_in(member);
      const auto found =
          ids.empty() ? std::nullopt : key_of({ids.begin(), ids.end()}, input.derived);
      const bool fits =
          found && is_repeatable(member) &&
          (!found->lookup->join || tuple.lookup == nullptr || tuple.lookup == found->lookup);
      if (!fits) {
        tuple.members.push_back(from + std::to_string(i + 1));
        continue;
      }
      PlanItem& key = tuple.keys[found->key];
      if (key.id == 0) {
        const bool can_miss = member.starts_with("toNullable(");
        const std::string row = sql_column(found->key);
        kept.push_back(can_miss ? "toNullable(" + row + ")" : row);
        key = {new_id(), from + std::to_string(kept.size())};
      }
      if (found->lookup->join) {
        tuple.lookup = found->lookup;
        tuple.lookup_key = key.id;
      }
      kept[i] = "0";
      tuple.members.push_back(replace_columns(replace_columns(member, texts_of(input.derived)),
                                              {{found->key, sql_column(key.id)}}));
    }
    if (tuple.keys.empty()) return;
    item.id = tuple.from;
    item.members = std::move(kept);
    tuples.push_back(std::move(tuple));
  }

  /// argMax(V, K), where V follows from a key: the key of that row instead.
  void keep_key(PlanItem& item, const Stage& input, std::map<std::string, int>& kept,
                DerivedColumns& derived) {
    const std::vector<AggregateCall> calls = aggregates_in(item.sql);
    if (calls.size() != 1 || calls[0].begin != 0 || calls[0].end != item.sql.size()) return;
    const AggregateCall& call = calls[0];
    if (call.name != "argMax" && call.name != "argMin") return;
    const std::size_t comma = last_comma(call.arguments);
    if (comma == std::string::npos) return;
    const std::string value = call.arguments.substr(1, comma - 1);
    const auto ids = columns_in(value);
    const auto key = ids.empty() ? std::nullopt : key_of({ids.begin(), ids.end()}, input.derived);
    if (!key || !is_repeatable(value)) return;
    std::string sql = call.name + "(" + sql_column(key->key) + call.arguments.substr(comma);
    int& id = kept[sql];
    const bool is_known = id > 0;
    if (!is_known) id = new_id();
    derived[item.id] = {replace_columns(replace_columns(value, texts_of(input.derived)),
                                        {{key->key, sql_column(id)}}),
                        id, key->lookup};
    item = is_known ? PlanItem{} : PlanItem{id, std::move(sql)};
  }

  static PlanPtr fill(PlanPtr plan, const std::vector<Tuple>& tuples) {
    for (const Tuple& tuple : tuples) {
      auto keyed = std::make_shared<Plan>();
      keyed->input = std::move(plan);
      for (const auto& [row, key] : tuple.keys) keyed->items.push_back(key);
      auto filled = std::make_shared<Plan>();
      filled->input = std::move(keyed);
      filled->lookup = tuple.lookup;
      filled->lookup_key = tuple.lookup_key;
      filled->items.push_back({tuple.id, "tuple(@)", tuple.members});
      plan = std::move(filled);
    }
    return plan;
  }

  /// The item as states of the first step and what the second makes of them; false if it cannot.
  bool take_apart(const PlanItem& item, const Stage& input, Steps& steps) {
    const bool is_key = steps.groups.contains(item.id) && item.sql == sql_column(item.id);
    if (is_key) {
      steps.results.push_back(item);
      return true;
    }
    std::string outer, outside;
    std::size_t done = 0;
    int state = 0;
    for (const AggregateCall& call : aggregates_in(item.sql)) {
      const auto text = std::string_view(item.sql).substr(done, call.begin - done);
      outer += text;
      outside += text;
      done = call.end;
      state = 0;
      const auto ids = columns_in(call.arguments);
      const std::set<int> reads(ids.begin(), ids.end());
      if (call.ignores_repeats && item.members.empty() && !reads.empty() &&
          key_of(reads, input.derived)) {
        steps.behind.insert(reads.begin(), reads.end());
        outer += item.sql.substr(call.begin, call.end - call.begin);
        continue;
      }
      add_derived(steps.now, reads, input.derived);
      steps.are_large = steps.are_large || call.is_large;
      const std::string sql = sql_of_state(call);
      int& known = steps.known[sql];
      if (known == 0 || !item.members.empty()) {
        known = new_id();
        steps.states.push_back({known, sql, item.members});
      }
      state = known;
      outer += sql_of_merge(call, state);
    }
    outside += item.sql.substr(done);
    for (const int id : columns_in(outside)) {
      if (!steps.groups.contains(id)) return false;
    }
    for (const std::string& member : item.members) {
      const auto ids = columns_in(member);
      add_derived(steps.now, {ids.begin(), ids.end()}, input.derived);
    }
    outer += item.sql.substr(done);
    // A tuple's aggregate stands alone.
    steps.results.push_back({item.id, std::move(outer)});
    if (!item.members.empty()) steps.results.back().same_members = state;
    return true;
  }

  PlanPtr group_once(PlanPtr plan, Stage input) {
    std::set<int> now(plan->group_by.begin(), plan->group_by.end());
    for (const PlanItem& item : plan->items) add_derived(now, columns_of(item), input.derived);
    compute(input, now);
    plan->input = std::move(input.plan);
    return plan;
  }

  PlanPtr group_twice(PlanPtr plan, Stage input, Steps steps) {
    auto first = std::make_shared<Plan>();
    first->is_closed = first->is_aggregate = true;
    Stage stage{.plan = first, .derived = {}, .scan = nullptr};
    const auto group_by = [&](int id) {
      if (std::ranges::find(first->group_by, id) != first->group_by.end()) return;
      first->group_by.push_back(id);
      first->items.push_back({id, sql_column(id)});
    };
    compute(input, steps.now);
    std::set<int> all = steps.groups;
    all.insert(steps.behind.begin(), steps.behind.end());
    for (const int id : all) {
      const auto found = input.derived.find(id);
      if (found != input.derived.end()) stage.derived.insert(*found);
      group_by(found == input.derived.end() ? id : found->second.key);
    }
    for (PlanItem& state : steps.states) first->items.push_back(std::move(state));
    first->input = std::move(input.plan);
    compute_all(stage);
    plan->input = std::move(stage.plan);
    plan->items = std::move(steps.results);
    return plan;
  }

  Stage visit_groups(PlanPtr plan, Stage input) {
    std::vector<Tuple> tuples;
    std::map<std::string, int> kept;
    DerivedColumns derived;
    for (PlanItem& item : plan->items) {
      if (item.members.empty()) {
        keep_key(item, input, kept, derived);
      } else {
        keep_keys(item, input, tuples);
      }
    }
    std::erase_if(plan->items,
                  [](const PlanItem& item) { return item.id == 0 && item.sql.empty(); });
    Steps steps;
    steps.groups.insert(plan->group_by.begin(), plan->group_by.end());
    bool is_plain = plan->where.empty() && plan->array_join.empty() && plan->order.empty() &&
                    plan->limit.empty();
    for (const PlanItem& item : plan->items) is_plain = is_plain && take_apart(item, input, steps);
    const auto is_late = [&](int id) {
      return input.derived.contains(id) && !steps.now.contains(id);
    };
    // With other keys of many values the groups of the first step would be as many as the rows.
    const bool is_fine = std::ranges::any_of(
        steps.groups, [&](int id) { return !is_late(id) && !is_coarse(*input.plan, id); });
    const bool is_better =
        !is_fine && !steps.are_large &&
        (std::ranges::any_of(steps.groups, is_late) || std::ranges::any_of(steps.behind, is_late));
    Stage stage;
    if (!is_plain) {
      compute_all(input);
      plan->input = std::move(input.plan);
      stage.plan = std::move(plan);
    } else if (is_better) {
      stage.plan = group_twice(std::move(plan), std::move(input), std::move(steps));
    } else {
      stage.plan = group_once(std::move(plan), std::move(input));
    }
    stage.plan = fill(std::move(stage.plan), tuples);
    stage.derived = std::move(derived);
    return stage;
  }

  int last_id_;
};

}  // namespace

PlanPtr derive_late(const Plan& plan) {
  if (!has_keys(plan)) return nullptr;
  return Deriver(largest_id(plan)).whole(plan);
}

}  // namespace lw::kql
