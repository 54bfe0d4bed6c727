#include "bus/format/conversion.hpp"

#include "bus/format/cloud_event.hpp"
#include "bus/format/kuvert_xml.hpp"

namespace vera::format {

Result<std::string> convert(Form form,
                            std::string_view kuvert,
                            const event::Attributes& attributes,
                            const event::Catalogue& catalogue) {
    switch (form) {
        case Form::protobuf:
            return std::string(kuvert);
        case Form::json:
            return catalogue.to_json(kuvert, "application/protobuf", false);
        case Form::cloudevents_json:
            return cloud_event_json(kuvert, attributes, catalogue);
        case Form::cloudevents_protobuf:
            return cloud_event_protobuf(kuvert, attributes);
        case Form::beskedkuvert_xml:
            return kuvert_xml(kuvert, catalogue);
    }
    return fail(Errc::bad_input, "no such form");
}

}  // namespace vera::format
