// Diagnosis -> text for people, or JSON for programs ("hubspy.diagnose/1").
#ifndef HUBSPY_VIEW_DIAGNOSIS_H_
#define HUBSPY_VIEW_DIAGNOSIS_H_

#include <string>

#include "model/diagnosis.h"

namespace hubspy {

std::string RenderDiagnosisText(const Diagnosis& diagnosis);
std::string RenderDiagnosisJson(const Diagnosis& diagnosis);

}  // namespace hubspy

#endif  // HUBSPY_VIEW_DIAGNOSIS_H_
