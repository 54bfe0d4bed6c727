#include "bus/route/routing_table.hpp"

#include "bus/event/event_properties.hpp"
#include "bus/expr/evaluator.hpp"
#include "bus/expr/explain.hpp"
#include "bus/route/atoms.hpp"
#include "bus/route/match_tree.hpp"
#include "bus/route/type_pattern.hpp"

#include <algorithm>
#include <optional>
#include <span>
#include <unordered_map>
#include <utility>

namespace vera::route {
namespace {

constexpr std::uint32_t no_program = UINT32_MAX;
/// Of a longer beginning or end only so much is looked up: a field is not asked for more lengths.
constexpr std::size_t longest_part = 64;
/// Of a field that is in more types than these the types alone are looked up.
constexpr std::size_t most_types = 64;

/// What matching needs beside table and event. One per thread: it allocates only the first time.
struct Scratch {
    HeldAtoms held;
    std::vector<std::uint32_t> nodes;
    std::uint64_t round = 0;  ///< one event
    /// By program: the round in which it was run last, twice, and one more if it let pass.
    std::vector<std::uint64_t> ran;
    expr::Evaluator evaluator;
};
Scratch& scratch() {
    thread_local Scratch one;
    return one;
}

bool holds_object(const Filter& filter, const std::vector<std::string>& objects) {
    return filter.objects.empty() || std::ranges::any_of(objects, [&](const std::string& object) {
               return std::ranges::find(filter.objects, object) != filter.objects.end();
           });
}

/// The clause of the filter that says no. Asks no index.
std::optional<Clause> excluding_clause(const Filter& filter,
                                       const event::Attributes& attributes,
                                       const event::EventProperties& properties) {
    if (!holds_type(filter, attributes.type)) return Clause::types;
    if (!holds_authority(filter, attributes.myndighed)) return Clause::authorities;
    if (!holds_object(filter, attributes.objects)) return Clause::objects;
    if (filter.expression && !scratch().evaluator.matches(filter.expression->program, properties))
        return Clause::filter;
    return std::nullopt;
}

/// The condition of the expression that decided, as it is written; the whole if several did.
std::string_view deciding_part(const expr::Program& program,
                               const event::EventProperties& properties) {
    const expr::Explanation why = expr::explain(scratch().evaluator, program, properties);
    std::string_view part = program.expression();
    std::size_t count = 0;
    for (const expr::ClauseReport& one : why.clauses)
        if (one.decided && ++count == 1) part = part.substr(one.offset, one.text.size());
    return count == 1 ? part : std::string_view(program.expression());
}

/// What one subscription requires, as numbers; and whether that is all of it.
class Asking {
public:
    explicit Asking(AtomTable& atoms) : atoms_(atoms) {}

    Requirements of(const Filter& filter) {
        made_ = {};
        is_whole_ = true;
        of_types(filter.types);
        std::vector<AtomId> ids;
        for (const std::string& authority : filter.authorities)
            ids.push_back(atoms_.of_attribute("myndighed", AtomTable::Kind::equal, authority));
        if (!filter.authorities.empty()) put(std::exchange(ids, {}));
        for (const std::string& object : filter.objects)
            ids.push_back(atoms_.of_object(object));
        if (!filter.objects.empty()) put(std::move(ids));
        if (filter.expression) of_expression(filter.expression->program);
        return std::move(made_);
    }
    /// Of the last one: no program has to be run.
    [[nodiscard]] bool is_whole() const { return is_whole_; }

private:
    void put(std::vector<AtomId> ids) {
        std::ranges::sort(ids);
        ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
        made_.all.push_back(std::move(ids));
    }

    void of_types(const std::vector<std::string>& types) {
        std::vector<AtomId> ids;
        for (const std::string& type : types) {
            const auto package = package_of_pattern(type);
            if (package && package->empty()) return;  // every type
            ids.push_back(package
                              ? atoms_.of_attribute(
                                    "type", AtomTable::Kind::prefix, std::string(*package) + ".")
                              : atoms_.of_attribute("type", AtomTable::Kind::equal, type));
        }
        if (!types.empty()) put(std::move(ids));
    }

    void of_expression(const expr::Program& program) {
        const auto required = expr::requirements_of(program, indexable());
        is_whole_ = required.is_whole;
        for (const expr::Requirement& one : required.all) {
            is_exact_ = one.is_exact;
            std::vector<AtomId> ids;
            const bool is_known = std::ranges::all_of(
                one.any_of, [&](const expr::Atom& atom) { return add(atom, ids); });
            is_whole_ = is_whole_ && is_known && is_exact_;
            if (is_known) put(std::move(ids));
        }
    }

    /// False: no atom tells anything about it.
    bool add(const expr::Atom& atom, std::vector<AtomId>& ids) {
        if (atom.path != nullptr) return add_field(atom, ids);
        if (atom.kind == AtomTable::Kind::present) {
            ids.push_back(atoms_.of_attribute(atom.key, AtomTable::Kind::prefix, ""));
        } else if (atom.kind != AtomTable::Kind::equal || !atom.text.empty()) {
            // Nothing is equal to an empty text: an empty attribute is not there.
            ids.push_back(atoms_.of_attribute(atom.key, atom.kind, looked_up(atom)));
        }
        return true;
    }

    bool add_field(const expr::Atom& atom, std::vector<AtomId>& ids) {
        const auto& resolved = atom.path->resolved;
        const bool has_values = atom.kind != AtomTable::Kind::present && !resolved.empty() &&
                                resolved.size() <= most_types &&
                                std::ranges::all_of(resolved, [](const expr::ResolvedPath& one) {
                                    return one.steps.back().kind == expr::FieldKind::text;
                                });
        if (has_values) {
            const std::string_view text = looked_up(atom);
            for (std::size_t i = 0; i < resolved.size(); ++i)
                ids.push_back(atoms_.of_field(*atom.path, i, atom.kind, text));
            return true;
        }
        is_exact_ = false;
        if (atom.path->root == expr::Root::kuvert || resolved.empty()) return false;
        for (const expr::ResolvedPath& one : resolved)
            ids.push_back(atoms_.of_attribute("type", AtomTable::Kind::equal, one.message));
        return true;
    }

    std::string_view looked_up(const expr::Atom& atom) {
        const bool is_part =
            atom.kind == AtomTable::Kind::prefix || atom.kind == AtomTable::Kind::suffix;
        if (!is_part || atom.text.size() <= longest_part) return atom.text;
        is_exact_ = false;
        return atom.kind == AtomTable::Kind::prefix
                   ? atom.text.substr(0, longest_part)
                   : atom.text.substr(atom.text.size() - longest_part);
    }

    AtomTable& atoms_;
    Requirements made_;
    bool is_whole_ = true;
    bool is_exact_ = true;
};

/// Both ascend.
bool has_common(std::span<const AtomId> asked, const std::vector<AtomId>& held) {
    constexpr std::size_t few = 8;
    if (asked.size() <= few)
        return std::ranges::any_of(
            asked, [&](AtomId atom) { return std::ranges::binary_search(held, atom); });
    return std::ranges::any_of(
        held, [&](AtomId atom) { return std::ranges::binary_search(asked, atom); });
}

}  // namespace

/// All that matching reads, apart from the programs: flat, in the order of subscriptions.
struct RoutingTable::Index {
    struct Range {
        std::uint32_t first = 0;
        std::uint32_t count = 0;
    };
    struct Asked {
        QueueId queue;
        Position position = 0;               ///< in the table's subscriptions
        std::uint32_t program = no_program;  ///< in `programs`; none: the requirements say it all
        Range requirements;                  ///< in `requirements`; of a single one none: the tree
                                             ///< has looked
        bool has_expression = false;         ///< for fields with more values than are looked at
    };

    explicit Index(const std::vector<Subscription>& subscriptions);
    void add(Position position,
             const Subscription& subscription,
             const Requirements& asked,
             bool is_whole);
    void add_always(const Subscription& subscription, bool is_whole);
    [[nodiscard]] std::uint32_t number_of(const Expression& expression);
    [[nodiscard]] bool holds(const Asked& asked, const std::vector<AtomId>& held) const;
    [[nodiscard]] bool passes(std::uint32_t program,
                              const event::EventProperties& properties,
                              Scratch& scratch) const;

    /// Subscriptions without any requirement, and the program that they share.
    struct Always {
        std::uint32_t program = no_program;  ///< none: they want every event
        std::vector<QueueId> queues;
    };

    AtomTable atoms;
    std::vector<Always> always;
    std::vector<Asked> all;
    std::vector<Range> requirements;  ///< in `asked_atoms`
    std::vector<AtomId> asked_atoms;
    std::vector<const expr::Program*> programs;  ///< each text once: it is run once per event
    std::optional<MatchTree> tree;               ///< of those with requirements

    /// By text and by the types that its fields may be of. Only while building.
    std::unordered_map<std::string, std::uint32_t> numbers;
    std::unordered_map<std::uint32_t, std::size_t> always_of;  ///< by program; likewise
};

RoutingTable::Index::Index(const std::vector<Subscription>& subscriptions) {
    std::vector<Requirements> members;
    members.reserve(subscriptions.size());
    all.reserve(subscriptions.size());
    Asking asking(atoms);
    for (std::size_t i = 0; i < subscriptions.size(); ++i) {
        Requirements asked = asking.of(subscriptions[i].filter);
        if (asked.all.empty()) {
            add_always(subscriptions[i], asking.is_whole());
            continue;
        }
        members.push_back(std::move(asked));
        add(static_cast<Position>(i), subscriptions[i], members.back(), asking.is_whole());
    }
    numbers = {};
    always_of = {};
    tree.emplace(members, atoms.size());
}

void RoutingTable::Index::add_always(const Subscription& subscription, bool is_whole) {
    const std::uint32_t program =
        is_whole ? no_program : number_of(*subscription.filter.expression);
    const auto [at, is_new] = always_of.try_emplace(program, always.size());
    if (is_new) always.push_back({program, {}});
    always[at->second].queues.push_back(subscription.queue);
}

void RoutingTable::Index::add(Position position,
                              const Subscription& subscription,
                              const Requirements& asked,
                              bool is_whole) {
    Asked one;
    one.queue = subscription.queue;
    one.position = position;
    one.has_expression = subscription.filter.expression.has_value();
    if (!is_whole) one.program = number_of(*subscription.filter.expression);
    one.requirements.first = static_cast<std::uint32_t>(requirements.size());
    if (asked.all.size() > 1 ||
        (asked.all.size() == 1 && asked.all.front().size() > MatchTree::most_copies))
        for (const std::vector<AtomId>& ids : asked.all) {
            requirements.push_back({static_cast<std::uint32_t>(asked_atoms.size()),
                                    static_cast<std::uint32_t>(ids.size())});
            asked_atoms.insert(asked_atoms.end(), ids.begin(), ids.end());
        }
    one.requirements.count =
        static_cast<std::uint32_t>(requirements.size()) - one.requirements.first;
    all.push_back(one);
}

std::uint32_t RoutingTable::Index::number_of(const Expression& expression) {
    std::string key = expression.program.expression();
    for (const expr::FieldPath& path : expression.program.code().paths)
        for (const expr::ResolvedPath& one : path.resolved)
            key.append(1, '\n').append(one.message);
    const auto [at, is_new] =
        numbers.try_emplace(std::move(key), static_cast<std::uint32_t>(programs.size()));
    if (is_new) programs.push_back(&expression.program);
    return at->second;
}

bool RoutingTable::Index::holds(const Asked& asked, const std::vector<AtomId>& held) const {
    for (std::uint32_t i = 0; i < asked.requirements.count; ++i) {
        const Range& ids = requirements[asked.requirements.first + i];
        if (!has_common(std::span(asked_atoms).subspan(ids.first, ids.count), held)) return false;
    }
    return true;
}

bool RoutingTable::Index::passes(std::uint32_t program,
                                 const event::EventProperties& properties,
                                 Scratch& scratch) const {
    std::uint64_t& ran = scratch.ran[program];
    if (ran >> 1U != scratch.round)
        ran = scratch.round << 1U |
              (scratch.evaluator.matches(*programs[program], properties) ? 1U : 0U);
    return (ran & 1U) != 0;
}

std::string_view name_of(Clause clause) {
    switch (clause) {
        case Clause::types:
            return "types";
        case Clause::authorities:
            return "authorities";
        case Clause::objects:
            return "objects";
        case Clause::filter:
            return "filter";
    }
    return "";
}

RoutingTable::RoutingTable(std::vector<Subscription> subscriptions,
                           std::shared_ptr<const expr::ValueLists> lists)
    : subscriptions_(std::make_shared<const std::vector<Subscription>>(std::move(subscriptions))),
      index_(std::make_shared<const Index>(*subscriptions_)),
      lists_(std::move(lists)) {}

RoutingTable RoutingTable::with(std::shared_ptr<const expr::ValueLists> lists) const {
    RoutingTable other(*this);
    other.lists_ = std::move(lists);
    return other;
}

void RoutingTable::match(const event::Attributes& attributes,
                         const event::KuvertView& kuvert,
                         std::vector<QueueId>& out) const {
    const auto first = static_cast<std::ptrdiff_t>(out.size());
    const event::EventProperties properties(attributes, kuvert);
    const Index& index = *index_;
    Scratch& scratch = route::scratch();
    ++scratch.round;
    if (scratch.ran.size() < index.programs.size()) scratch.ran.resize(index.programs.size());
    scratch.evaluator.use(lists_.get());
    index.atoms.find(attributes, properties, lists_.get(), scratch.held);
    const std::vector<AtomId>& held = scratch.held.ids;
    for (const Index::Always& one : index.always)
        if (one.program == no_program || index.passes(one.program, properties, scratch))
            out.insert(out.end(), one.queues.begin(), one.queues.end());
    index.tree->visit(held, scratch.nodes, [&](Position member) {
        const Index::Asked& asked = index.all[member];
        if (!index.holds(asked, held)) return;
        if (asked.program != no_program && !index.passes(asked.program, properties, scratch))
            return;
        if (scratch.held.has_too_many_values && asked.has_expression &&
            excluding_clause((*subscriptions_)[asked.position].filter, attributes, properties))
            return;
        out.push_back(asked.queue);
    });
    std::ranges::sort(out.begin() + first, out.end());
    out.erase(std::unique(out.begin() + first, out.end()), out.end());
}

void RoutingTable::explain(const event::Attributes& attributes,
                           const event::KuvertView& kuvert,
                           const std::function<bool(const Exclusion&)>& tell) const {
    const event::EventProperties properties(attributes, kuvert);
    scratch().evaluator.use(lists_.get());
    for (const Subscription& one : *subscriptions_) {
        const auto clause = excluding_clause(one.filter, attributes, properties);
        if (!clause) continue;
        Exclusion exclusion{one.name, *clause, {}};
        if (*clause == Clause::filter)
            exclusion.part = deciding_part(one.filter.expression->program, properties);
        if (!tell(exclusion)) return;
    }
}

}  // namespace vera::route
