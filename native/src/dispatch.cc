// One generic call reaches every operator: the schema is looked up once, values are converted by its types.
#include "dispatch.h"

#include <ATen/core/dispatch/Dispatcher.h>

#include <sstream>

#include "compat.h"
#include "handles.h"
#include "random.h"

namespace mvh {
namespace {

enum class Kind { Tensor, TensorList, OptionalTensorList, Int, IntList, Float, FloatList, Bool, BoolList, Scalar, String, Device, Generator };

struct Argument {
  std::string name;
  Kind kind;
  bool optional;
  OptionalValue fallback;
};

struct Operator {
  c10::OperatorHandle handle;
  std::string name;
  std::vector<Argument> arguments;
};

// Resolved once per process and never moved: indices are handed to JavaScript.
std::vector<Operator>& operators() {
  static thread_local std::vector<Operator> list;
  return list;
}

Kind list_kind(const c10::TypePtr& element) {
  switch (element->kind()) {
    case c10::TypeKind::TensorType: return Kind::TensorList;
    case c10::TypeKind::OptionalType: return Kind::OptionalTensorList;
    case c10::TypeKind::FloatType: return Kind::FloatList;
    case c10::TypeKind::BoolType: return Kind::BoolList;
    default: return Kind::IntList;
  }
}

Kind kind_of(const c10::TypePtr& type) {
  switch (type->kind()) {
    case c10::TypeKind::TensorType: return Kind::Tensor;
    case c10::TypeKind::FloatType: return Kind::Float;
    case c10::TypeKind::BoolType: return Kind::Bool;
    case c10::TypeKind::NumberType: return Kind::Scalar;
    case c10::TypeKind::StringType: return Kind::String;
    case c10::TypeKind::DeviceObjType: return Kind::Device;
    case c10::TypeKind::GeneratorType: return Kind::Generator;
    case c10::TypeKind::ListType: return list_kind(type->castRaw<c10::ListType>()->getElementType());
    case c10::TypeKind::IntType:
    case c10::TypeKind::SymIntType: return Kind::Int;
    default: break;
  }
  // ScalarType, Layout and MemoryFormat are integers to the boxed call whatever this version calls them.
  return Kind::Int;
}

Argument describe(const c10::Argument& argument) {
  c10::TypePtr type = argument.type();
  bool optional = false;
  if (type->kind() == c10::TypeKind::OptionalType) {
    optional = true;
    type = type->castRaw<c10::OptionalType>()->getElementType();
  }
  return {argument.name(), kind_of(type), optional, argument.default_value()};
}

template <class T, class F>
c10::IValue to_list(napi_env env, napi_value v, const char* what, F read) {
  uint32_t n;
  check(env, napi_get_array_length(env, v, &n), what);
  c10::List<T> out;
  out.reserve(n);
  for (uint32_t i = 0; i < n; i++) {
    napi_value item;
    check(env, napi_get_element(env, v, i, &item), what);
    out.push_back(read(item));
  }
  return out;
}

c10::IValue to_scalar(napi_env env, napi_value v, const char* what) {
  napi_valuetype type;
  napi_typeof(env, v, &type);
  if (type == napi_boolean) return to_bool(env, v);
  const double number = to_double(env, v, what);
  const bool whole = std::abs(number) < 9007199254740992.0 && number == std::floor(number);
  if (whole) return static_cast<int64_t>(number);
  return number;
}

c10::IValue to_ivalue(napi_env env, const Argument& argument, napi_value v) {
  const char* what = argument.name.c_str();
  if (is_nullish(env, v)) {
    napi_valuetype type;
    napi_typeof(env, v, &type);
    if (type == napi_undefined && argument.fallback) return *argument.fallback;
    if (argument.optional) return c10::IValue();
    if (argument.kind == Kind::Tensor && type == napi_null) return at::Tensor();
    throw std::invalid_argument("argument " + argument.name + " is missing");
  }
  auto number = [&](napi_value x) { return to_double(env, x, what); };
  auto integer = [&](napi_value x) { return to_int(env, x, what); };
  switch (argument.kind) {
    case Kind::Tensor: return to_tensor(env, v);
    case Kind::TensorList: return to_list<at::Tensor>(env, v, what, [&](napi_value x) { return to_tensor(env, x); });
    case Kind::OptionalTensorList:
      return to_list<OptionalTensor>(env, v, what, [&](napi_value x) {
        return is_nullish(env, x) ? OptionalTensor() : OptionalTensor(to_tensor(env, x));
      });
    case Kind::Int: return integer(v);
    case Kind::IntList: {
      bool is_array = false;
      napi_is_array(env, v, &is_array);
      if (!is_array) return c10::IValue(c10::List<int64_t>({integer(v)}));
      return to_list<int64_t>(env, v, what, integer);
    }
    case Kind::Float: return number(v);
    case Kind::FloatList: return to_list<double>(env, v, what, number);
    case Kind::Bool: return to_bool(env, v, what);
    case Kind::BoolList: return to_list<bool>(env, v, what, [&](napi_value x) { return to_bool(env, x, what); });
    case Kind::Scalar: return to_scalar(env, v, what);
    case Kind::String: return to_string(env, v, what);
    case Kind::Device: return c10::Device(to_string(env, v, what));
    case Kind::Generator: return to_generator(env, v);
  }
  throw std::invalid_argument("argument " + argument.name + " has a type this engine does not pass");
}

napi_value from_ivalue(napi_env env, const c10::IValue& v) {
  if (v.isTensor()) return from_tensor(env, v.toTensor());
  if (v.isInt()) return from_double(env, static_cast<double>(v.toInt()));
  if (v.isDouble()) return from_double(env, v.toDouble());
  if (v.isBool()) return from_bool(env, v.toBool());
  if (v.isScalar()) return from_double(env, v.toScalar().toDouble());
  if (v.isTensorList()) {
    const auto list = v.toTensorVector();
    napi_value out;
    check(env, napi_create_array_with_length(env, list.size(), &out), "array");
    for (size_t i = 0; i < list.size(); i++) napi_set_element(env, out, i, from_tensor(env, list[i]));
    return out;
  }
  napi_value null;
  napi_get_null(env, &null);
  return null;
}

void describe_ivalue(std::ostream& out, const c10::IValue& v) {
  if (v.isTensor() && v.toTensor().defined()) {
    out << v.toTensor().scalar_type() << v.toTensor().sizes();
  } else if (v.isTensorList()) {
    out << "(";
    for (const auto& t : v.toTensorVector()) out << " " << t.sizes();
    out << " )";
  } else if (v.isInt() || v.isDouble() || v.isBool() || v.isString() || v.isIntList()) {
    out << v;
  } else {
    out << "-";
  }
}

[[noreturn]] void rethrow(const std::string& given, const char* message) {
  std::string text(message);
  // The first paragraph says what is wrong; libtorch's notes about its own source lines do not help a user.
  const auto cut = text.find("\nException raised from");
  if (cut != std::string::npos) text.resize(cut);
  throw std::runtime_error(given + "\n" + text);
}

napi_value resolve(Args& args) {
  const auto name = to_string(args.env(), args[0]);
  const auto overload = to_string(args.env(), args[1]);
  auto handle = c10::Dispatcher::singleton().findSchema({name, overload});
  if (!handle) throw std::runtime_error("this libtorch has no operator " + name + "." + overload);
  Operator op{*handle, name, {}};
  for (const auto& argument : handle->schema().arguments()) op.arguments.push_back(describe(argument));
  operators().push_back(std::move(op));
  return from_double(args.env(), static_cast<double>(operators().size() - 1));
}

napi_value schema(Args& args) {
  auto handle = c10::Dispatcher::singleton().findSchema({to_string(args.env(), args[0]), to_string(args.env(), args[1])});
  if (!handle) return args.undefined();
  std::ostringstream out;
  out << handle->schema();
  return from_string(args.env(), out.str());
}

napi_value call(Args& args) {
  napi_env env = args.env();
  const auto& op = operators().at(static_cast<size_t>(to_double(env, args[0], "operator index")));
  torch::jit::Stack stack;
  stack.reserve(op.arguments.size());
  for (size_t i = 0; i < op.arguments.size(); i++) stack.push_back(to_ivalue(env, op.arguments[i], args[i + 1]));
  // The stack is consumed by the call, so the description for errors is only made from what is still at hand.
  torch::jit::Stack given;
  for (const auto& v : stack)
    if (v.isTensor() || v.isTensorList() || v.isInt() || v.isIntList() || v.isDouble()) given.push_back(v);
  const auto describe_given = [&] {
    std::ostringstream text;
    for (size_t i = 0; i < given.size(); i++) {
      if (i != 0) text << ", ";
      describe_ivalue(text, given[i]);
    }
    return text.str();
  };
  try {
    op.handle.callBoxed(&stack);
  } catch (const c10::Error& e) {
    rethrow(describe_given(), e.what_without_backtrace());
  } catch (const std::exception& e) {
    rethrow(describe_given(), e.what());
  }
  if (stack.size() == 1) return from_ivalue(env, stack[0]);
  napi_value out;
  check(env, napi_create_array_with_length(env, stack.size(), &out), "array");
  for (size_t i = 0; i < stack.size(); i++) napi_set_element(env, out, i, from_ivalue(env, stack[i]));
  return out;
}

}  // namespace

const std::vector<Export> kDispatchExports = {
    {"resolve", exported<resolve>}, {"schema", exported<schema>}, {"call", exported<call>}};

}  // namespace mvh
