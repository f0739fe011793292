// Green threads that are ready, first come first served.
#ifndef GREEN_GREEN_QUEUE_H_
#define GREEN_GREEN_QUEUE_H_

namespace green::internal {

struct ControlBlock;

class GreenQueue {
 public:
  GreenQueue() = default;
  GreenQueue(const GreenQueue&) = delete;
  GreenQueue& operator=(const GreenQueue&) = delete;

  bool empty() const { return first_ == nullptr; }
  ControlBlock* front() const { return first_; }  // nullptr when empty
  void PushBack(ControlBlock& block);
  ControlBlock* PopFront();  // nullptr when empty

  // Whether it was there; looks at all of them.
  bool Remove(ControlBlock& block);

 private:
  ControlBlock* first_ = nullptr;
  ControlBlock* last_ = nullptr;
};

}  // namespace green::internal

#endif  // GREEN_GREEN_QUEUE_H_
