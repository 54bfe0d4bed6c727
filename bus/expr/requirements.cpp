#include "bus/expr/requirements.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <iterator>
#include <optional>
#include <span>
#include <utility>

namespace vera::expr {
namespace {

class Requiring {
public:
    Requiring(const Code& code, const Indexable& indexable) : code_(code), indexable_(indexable) {}

    [[nodiscard]] Requirements of(const Clause& clause) const {
        switch (clause.kind) {
            case Clause::Kind::logical_and:
                return both(of(clause.children[0]), of(clause.children[1]));
            case Clause::Kind::logical_or:
                return either(of(clause.children[0]), of(clause.children[1]));
            case Clause::Kind::logical_not:
            case Clause::Kind::logical_xor:
                return {};
            case Clause::Kind::leaf:
                break;
        }
        auto found = of_leaf(std::span(code_.instructions)
                                 .subspan(clause.code_begin, clause.code_end - clause.code_begin));
        Requirements made;
        if (!found) return made;
        made.all.push_back(std::move(*found));
        made.is_whole = true;
        return made;
    }

private:
    static Requirements both(Requirements left, Requirements right) {
        left.all.insert(left.all.end(),
                        std::make_move_iterator(right.all.begin()),
                        std::make_move_iterator(right.all.end()));
        left.is_whole = left.is_whole && right.is_whole;
        return left;
    }

    /// One side's requirement or the other's. Exact only where both ask the same attribute: else an
    /// error of one side counts against the other.
    static Requirements either(Requirements left, Requirements right) {
        Requirements made;
        if (left.all.empty() || right.all.empty()) return made;
        auto [one, other] = pair_of(left.all, right.all);
        Requirement merged = std::move(*one);
        const bool is_same = is_of_one_key(merged) && is_of_one_key(*other) &&
                             merged.any_of.front().key == other->any_of.front().key;
        merged.is_exact = merged.is_exact && other->is_exact && is_same;
        merged.any_of.insert(merged.any_of.end(), other->any_of.begin(), other->any_of.end());
        made.is_whole = merged.is_exact && left.is_whole && right.is_whole &&
                        left.all.size() == 1 && right.all.size() == 1;
        made.all.push_back(std::move(merged));
        return made;
    }

    static bool is_of_one_key(const Requirement& one) {
        return std::ranges::all_of(
            one.any_of, [&](const Atom& atom) { return atom.key == one.any_of.front().key; });
    }

    using Place = std::vector<Requirement>::iterator;
    /// Two of the same attribute if there are such, else those with the fewest atoms.
    static std::pair<Place, Place> pair_of(std::vector<Requirement>& left,
                                           std::vector<Requirement>& right) {
        for (auto one = left.begin(); one != left.end(); ++one)
            for (auto other = right.begin(); other != right.end(); ++other)
                if (one->any_of.front().key == other->any_of.front().key && is_of_one_key(*one) &&
                    is_of_one_key(*other))
                    return {one, other};
        const auto cost = [](const Requirement& one) {
            const bool is_weak = std::ranges::any_of(
                one.any_of, [](const Atom& atom) { return atom.kind == Atom::Kind::present; });
            return one.any_of.size() + (is_weak ? 10'000U : 0U);
        };
        return {std::ranges::min_element(left, {}, cost),
                std::ranges::min_element(right, {}, cost)};
    }

    /// An attribute that is a text, or a field.
    [[nodiscard]] std::optional<Atom> loaded(const Instruction& one) const {
        Atom atom;
        if (one.op == Op::attribute || one.op == Op::attribute_exists) {
            atom.key = code_.names[one.operand];
            if (std::ranges::find(indexable_.texts, atom.key) == indexable_.texts.end())
                return std::nullopt;
            return atom;
        }
        if (one.op != Op::path && one.op != Op::path_exists) return std::nullopt;
        atom.path = &code_.paths[one.operand];
        atom.key = atom.path->text;
        return atom;
    }
    [[nodiscard]] const Value* text_of(const Instruction& one) const {
        if (one.op != Op::literal) return nullptr;
        const Value& value = code_.literals[one.operand];
        return value.type == Type::string ? &value : nullptr;
    }

    static Requirement one_of(Atom atom, Atom::Kind kind, std::string_view text, bool is_exact) {
        atom.kind = kind;
        atom.text = text;
        return {{atom}, is_exact};
    }
    static std::optional<Requirement> presence(const Atom& atom, bool is_exact) {
        // Of an attribute it tells next to nothing.
        if (atom.path == nullptr && !is_exact) return std::nullopt;
        return one_of(atom, Atom::Kind::present, {}, is_exact);
    }

    [[nodiscard]] std::optional<Requirement> of_leaf(std::span<const Instruction> leaf) const {
        const Instruction& last = leaf.back();
        if (leaf.size() == 3)
            if (auto found = of_small(leaf[0], leaf[1], last)) return found;
        if (last.is_negated) return std::nullopt;
        if (leaf.size() == 1) {
            const auto atom = loaded(last);
            if (!atom || (last.op != Op::attribute_exists && last.op != Op::path_exists))
                return std::nullopt;
            return presence(*atom, true);
        }
        if (leaf.size() == 2) return of_one_operand(leaf[0], last);
        if (leaf.size() == 3) {
            if (const auto atom = loaded(leaf[0])) return of_two_operands(*atom, leaf[1], last);
            const auto atom = loaded(leaf[1]);
            if (atom && last.op == Op::equal) return of_two_operands(*atom, leaf[0], last);
            return std::nullopt;
        }
        if (last.op == Op::between)
            if (const auto atom = loaded(leaf[0])) return presence(*atom, false);
        return std::nullopt;
    }

    /// `small <= 3`: the values that it may have then. Negated too: without a value it is an error.
    [[nodiscard]] std::optional<Requirement> of_small(const Instruction& left,
                                                      const Instruction& right,
                                                      const Instruction& last) const {
        const bool is_small =
            left.op == Op::attribute && code_.names[left.operand] == indexable_.small.name;
        if (!is_small || right.op != Op::literal || last.op < Op::equal ||
            last.op > Op::greater_or_equal)
            return std::nullopt;
        const Value& literal = code_.literals[right.operand];
        if (literal.type != Type::integer) return std::nullopt;
        Requirement made;
        made.is_exact = true;
        for (const std::string_view text : indexable_.small.values) {
            std::int64_t value = 0;
            std::from_chars(text.data(), text.data() + text.size(), value);
            if (holds(last.op, value, literal.number) != last.is_negated)
                made.any_of.push_back({Atom::Kind::equal, indexable_.small.name, nullptr, text});
        }
        // Without any it is never true, and an atom that nothing has says so.
        if (made.any_of.empty())
            made.any_of.push_back({Atom::Kind::equal, indexable_.small.name, nullptr, "none"});
        return made;
    }
    static bool holds(Op op, std::int64_t left, std::int64_t right) {
        switch (op) {
            case Op::equal:
                return left == right;
            case Op::less:
                return left < right;
            case Op::less_or_equal:
                return left <= right;
            case Op::greater:
                return left > right;
            default:
                return left >= right;
        }
    }

    [[nodiscard]] std::optional<Requirement> of_one_operand(const Instruction& operand,
                                                            const Instruction& last) const {
        const auto atom = loaded(operand);
        if (!atom) return std::nullopt;
        if (last.op == Op::in_literals) return of_set(*atom, code_.sets[last.operand]);
        if (last.op == Op::in_list)
            return one_of(*atom, Atom::Kind::listed, code_.names[last.operand], true);
        if (last.op != Op::like) return std::nullopt;
        const LikePattern& pattern = code_.patterns[last.operand];
        switch (pattern.shape()) {
            case LikePattern::Shape::exact:
                return one_of(*atom, Atom::Kind::equal, pattern.literal(), true);
            case LikePattern::Shape::prefix:
                return one_of(*atom, Atom::Kind::prefix, pattern.literal(), true);
            case LikePattern::Shape::suffix:
                return one_of(*atom, Atom::Kind::suffix, pattern.literal(), true);
            case LikePattern::Shape::contains:
                return presence(*atom, false);
            case LikePattern::Shape::general:
                break;
        }
        if (pattern.literal().empty()) return presence(*atom, false);
        return one_of(*atom, Atom::Kind::prefix, pattern.literal(), false);
    }

    static std::optional<Requirement> of_set(const Atom& atom, const LiteralSet& set) {
        if (set.sorted.empty()) return presence(atom, false);
        Requirement made;
        made.is_exact = true;
        for (const std::string_view text : set.sorted)
            if (made.any_of.empty() || made.any_of.back().text != text)
                made.any_of.push_back({Atom::Kind::equal, atom.key, atom.path, text});
        return made;
    }

    [[nodiscard]] std::optional<Requirement> of_two_operands(const Atom& atom,
                                                             const Instruction& other,
                                                             const Instruction& last) const {
        const Value* const literal = text_of(other);
        const bool is_order = last.op >= Op::equal && last.op <= Op::greater_or_equal;
        if (last.op == Op::equal && literal != nullptr)
            return one_of(atom, Atom::Kind::equal, literal->text, true);
        if (is_order) return presence(atom, false);
        if (last.op != Op::call || literal == nullptr) return std::nullopt;
        const std::string_view name = code_.functions[last.operand]->name;
        if (name == "STARTS_WITH")
            return one_of(atom, Atom::Kind::prefix, literal->text, atom.path == nullptr);
        if (name == "ENDS_WITH")
            return one_of(atom, Atom::Kind::suffix, literal->text, atom.path == nullptr);
        if (name == "KLE_UNDER") return one_of(atom, Atom::Kind::prefix, literal->text, false);
        return std::nullopt;
    }

    const Code& code_;
    const Indexable& indexable_;
};

}  // namespace

Requirements requirements_of(const Program& program, const Indexable& indexable) {
    return Requiring(program.code(), indexable).of(program.code().clause);
}

}  // namespace vera::expr
